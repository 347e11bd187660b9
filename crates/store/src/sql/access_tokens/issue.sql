-- $7 id, $8 digest, $9 client, $10 grant type, $11 user, $12 scopes, $13 audience, $14 resources,
-- $15 authorization_details, $16 jkt, $17 x5t#S256, $18 actor
WITH verdict AS MATERIALIZED (
    SELECT c.revocation_epoch AS client_epoch, coalesce(u.revocation_epoch, 0) AS user_epoch,
           $6 + greatest(least(coalesce(c.access_token_ttl,
                               (SELECT (value #>> '{}')::bigint FROM settings WHERE key = 'tokens.access_token_ttl'),
                               3600), 86400), 1) * interval '1 second' AS expires_at,
           CASE
               WHEN c.id IS NULL THEN 'unknown_client'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT $10::grant_type = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN NOT $12 <@ c.allowed_scopes THEN 'scope_not_allowed'
               WHEN c.dpop_bound_access_tokens AND $16 IS NULL THEN 'dpop_required'
               WHEN c.tls_client_certificate_bound_access_tokens AND $17 IS NULL THEN 'certificate_required'
               WHEN $11 IS NOT NULL AND (u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL) THEN 'user_inactive'
               ELSE 'issued'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN clients c ON c.id = $9
    LEFT JOIN users u ON u.id = $11
), issued AS (
    INSERT INTO access_tokens (id, digest, client_id, user_id, scopes, audience, resources, authorization_details,
                               dpop_jkt, x5t_s256, actor, issued_at, expires_at, client_epoch, user_epoch)
    SELECT $7, $8, $9, $11, $12, $13, $14, $15, $16, $17, $18, $6, expires_at, client_epoch, user_epoch
    FROM verdict
    WHERE verdict = 'issued'
    ON CONFLICT (id) DO NOTHING
), answer AS (
    SELECT verdict, expires_at FROM verdict
), event AS (
    SELECT 'access_token.issue' AS event,
           CASE verdict WHEN 'issued' THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $9 AS actor_id, 'access_token' AS resource_kind, $7 AS resource_id,
           $9 AS client_id, NULL::uuid AS session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', $11, 'grant_type', $10)) AS details
    FROM verdict
)
