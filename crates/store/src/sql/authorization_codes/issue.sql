-- $7 id, $8 digest, $9 client, $10 user, $11 session, $12 redirect_uri, $13 scopes, $14 resources,
-- $15 authorization_details, $16 code_challenge, $17 code_challenge_method, $18 nonce, $19 acr, $20 amr,
-- $21 claims, $22 jkt, $23 auth_time, $24 as what $12 may be registered,
-- $25 revocation epoch of the user when they proved who they are
WITH verdict AS MATERIALIZED (
    SELECT c.revocation_epoch AS client_epoch, u.revocation_epoch AS user_epoch,
           $6 + greatest(least(coalesce(c.authorization_code_ttl,
                               (SELECT (value #>> '{}')::bigint FROM settings
                                WHERE key = 'tokens.authorization_code_ttl' AND value_type = 'integer'),
                               600), 600), 1) * interval '1 second' AS expires_at,
           CASE
               WHEN c.id IS NULL THEN 'unknown_client'
               -- Before everything that a client may be told by a redirection. Without redirect_uri there has to be exactly one to take (RFC 6749 section 3.1.2.3).
               WHEN NOT coalesce($24 && c.redirect_uris, cardinality(c.redirect_uris) = 1) THEN 'redirect_uri_mismatch'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'authorization_code' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN $16 IS NULL AND c.require_pkce THEN 'pkce_required'
               WHEN $17 = 'plain' AND NOT c.allow_plain_code_challenge THEN 'plain_not_allowed'
               WHEN NOT $13 <@ c.allowed_scopes THEN 'scope_not_allowed'
               WHEN NOT is_uri_list($14) THEN 'bad_target'
               WHEN NOT is_authorization_details($15) THEN 'bad_authorization_details'
               WHEN jsonb_typeof($21) <> 'object' THEN 'bad_requested_claims'
               WHEN char_length($18) NOT BETWEEN 1 AND 1000 THEN 'bad_nonce'
               WHEN char_length($19) NOT BETWEEN 1 AND 255 OR NOT is_scope_list($20) THEN 'bad_context'
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN $11 IS NOT NULL AND (s.id IS NULL OR s.user_id <> u.id OR s.revoked_at IS NOT NULL
                    OR s.expires_at <= $6 OR s.idle_expires_at <= $6
                    OR s.user_epoch <> u.revocation_epoch) THEN 'session_ended'
               WHEN u.revocation_epoch <> $25 THEN 'revoked'
               ELSE 'issued'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN clients c ON c.id = $9
    LEFT JOIN users u ON u.id = $10
    LEFT JOIN sessions s ON s.id = $11
), issued AS (
    INSERT INTO authorization_codes (id, digest, client_id, user_id, session_id, redirect_uri, scopes, resources,
                                     authorization_details, code_challenge, code_challenge_method, nonce, auth_time,
                                     acr, amr, requested_claims, dpop_jkt, issued_at, expires_at, client_epoch,
                                     user_epoch)
    SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::code_challenge_method, $18, $23, $19, $20, $21, $22,
           $6, expires_at, client_epoch, user_epoch
    FROM verdict
    WHERE verdict = 'issued'
    ON CONFLICT (id) DO NOTHING
), answer AS (
    SELECT verdict, expires_at FROM verdict
), event AS (
    SELECT 'authorization_code.issue' AS event,
           CASE verdict WHEN 'issued' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $10 AS actor_id, 'authorization_code' AS resource_kind, $7 AS resource_id,
           $9 AS client_id, $11 AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
