-- $7 id, $8 digest, $9 client, $10 grant type, $11 user, $12 scopes, $13 audience, $14 resources,
-- $15 authorization_details, $16 jkt, $17 x5t#S256, $18 actor, $19 revocation epoch of the user when they were
-- recognised, $20 subject access token
WITH verdict AS MATERIALIZED (
    SELECT c.revocation_epoch AS client_epoch, coalesce(t.user_id, $11) AS user_id,
           -- Of the subject token or of who was recognised, and never that of this moment: what was revoked since then
           -- is dead, also where this statement cannot see that yet.
           coalesce(t.user_epoch, $19, 0) AS user_epoch,
           t.session_id, t.refresh_token_id,
           -- Of the subject token, which has none itself where its family has it.
           t.auth_time, t.acr,
           least($6 + greatest(least(coalesce(c.access_token_ttl,
                                     (SELECT (value #>> '{}')::bigint FROM settings
                                      WHERE key = 'tokens.access_token_ttl' AND value_type = 'integer'),
                                     3600), 86400), 1) * interval '1 second', t.expires_at) AS expires_at,
           CASE
               WHEN c.id IS NULL THEN 'unknown_client'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT $10::grant_type = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN NOT $12 <@ c.allowed_scopes THEN 'scope_not_allowed'
               WHEN NOT is_uri_list($14) THEN 'bad_target'
               WHEN NOT is_printable_list($13) THEN 'bad_audience'
               WHEN NOT is_authorization_details($15) THEN 'bad_authorization_details'
               WHEN $18 IS NOT NULL AND jsonb_typeof($18 -> 'sub') IS DISTINCT FROM 'string' THEN 'bad_actor'
               WHEN c.dpop_bound_access_tokens AND $16 IS NULL THEN 'dpop_required'
               WHEN c.tls_client_certificate_bound_access_tokens AND $17 IS NULL THEN 'certificate_required'
               -- As introspection judges; and a token that acts for no user has nobody to act for.
               WHEN $20 IS NOT NULL AND (t.user_id IS NULL OR t.revoked_at IS NOT NULL OR t.expires_at <= $6
                    OR o.id IS NULL OR o.disabled_at IS NOT NULL OR t.client_epoch <> o.revocation_epoch
                    OR u.id IS NULL OR u.erased_at IS NOT NULL OR u.locked_at IS NOT NULL AND u.locked_until IS NULL
                    OR t.user_epoch <> u.revocation_epoch
                    OR t.session_id IS NOT NULL AND (s.id IS NULL OR s.revoked_at IS NOT NULL)
                    OR t.refresh_token_id IS NOT NULL AND (f.id IS NULL OR f.revoked_at IS NOT NULL))
                   THEN 'subject_invalid'
               WHEN $11 IS NOT NULL AND (u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL) THEN 'user_inactive'
               WHEN $11 IS NOT NULL AND u.revocation_epoch IS DISTINCT FROM $19 THEN 'revoked'
               ELSE 'issued'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN clients c ON c.id = $9
    LEFT JOIN LATERAL (SELECT * FROM access_tokens t WHERE t.id = $20 OFFSET 0) t ON true
    LEFT JOIN LATERAL (SELECT * FROM clients o WHERE o.id = t.client_id OFFSET 0) o ON true
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = coalesce(t.user_id, $11) OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT * FROM sessions s WHERE s.id = t.session_id OFFSET 0) s ON true
    LEFT JOIN LATERAL (SELECT * FROM refresh_tokens f WHERE f.id = t.refresh_token_id OFFSET 0) f ON true
), issued AS (
    INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, refresh_token_id, scopes, audience, resources,
                               authorization_details, dpop_jkt, x5t_s256, actor, issued_at, expires_at, client_epoch,
                               user_epoch, auth_time, acr)
    SELECT $7, $8, $9, user_id, session_id, refresh_token_id, $12, $13, $14, $15, $16, $17, $18, $6, expires_at,
           client_epoch, user_epoch, auth_time, acr
    FROM verdict
    WHERE verdict = 'issued'
    ON CONFLICT (id) DO NOTHING
), answer AS (
    SELECT verdict, expires_at, user_id FROM verdict
), event AS (
    SELECT 'access_token.issue' AS event,
           CASE verdict WHEN 'issued' THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $9 AS actor_id, 'access_token' AS resource_kind, $7 AS resource_id,
           $9 AS client_id, session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id, 'grant_type', $10,
                                                'subject', $20)) AS details
    FROM verdict
)
