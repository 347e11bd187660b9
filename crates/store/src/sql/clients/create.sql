-- $7 id, $8 client_id, $9 name, $10 description, $11 logo_uri, $12 client_uri, $13 policy_uri, $14 tos_uri,
-- $15 contacts, $16 client_type, $17 token_endpoint_auth_method, $18 secret_digest, $19 jwks, $20 jwks_uri,
-- $21 tls_client_auth_subject_dn, $22 redirect_uris, $23 post_logout_redirect_uris, $24 grant_types,
-- $25 response_types, $26 allowed_scopes, $27 require_pkce, $28 allow_plain_code_challenge,
-- $29 require_pushed_authorization_requests, $30 dpop_bound_access_tokens,
-- $31 tls_client_certificate_bound_access_tokens, $32 authorization_code_ttl, $33 access_token_ttl,
-- $34 refresh_token_ttl, $35 refresh_token_absolute_ttl, $36 device_code_ttl, $37 owner_id, $38 actor kind, $39 actor
WITH verdict AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM clients WHERE id = $7) AS is_done,
           CASE
               -- This very call before, whose answer was lost.
               WHEN EXISTS (SELECT FROM clients WHERE id = $7) THEN 'created'
               WHEN EXISTS (SELECT FROM clients WHERE client_id = $8) THEN 'client_id_taken'
               WHEN $37 IS NOT NULL AND NOT EXISTS (
                   SELECT FROM users WHERE id = $37 AND erased_at IS NULL) THEN 'unknown_owner'
               ELSE 'created'
           END AS verdict
), created AS (
    INSERT INTO clients (id, client_id, name, description, logo_uri, client_uri, policy_uri, tos_uri, contacts, client_type,
                         token_endpoint_auth_method, secret_digest, jwks, jwks_uri, tls_client_auth_subject_dn,
                         redirect_uris, post_logout_redirect_uris, grant_types, response_types, allowed_scopes,
                         require_pkce, allow_plain_code_challenge, require_pushed_authorization_requests,
                         dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens, authorization_code_ttl,
                         access_token_ttl, refresh_token_ttl, refresh_token_absolute_ttl, device_code_ttl, owner_id,
                         created_at, updated_at)
    SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::client_type, $17::token_endpoint_auth_method, $18, $19, $20, $21, $22,
           $23, $24::grant_type[], $25::response_type[], $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37,
           $6, $6
    FROM verdict
    WHERE verdict = 'created' AND NOT is_done
    ON CONFLICT DO NOTHING
    RETURNING id
), answer AS MATERIALIZED (
    SELECT CASE
               -- Somebody has taken the client_id after this statement began.
               WHEN verdict = 'created' AND NOT is_done AND NOT EXISTS (SELECT FROM created) THEN 'again'
               ELSE verdict
           END AS verdict
    FROM verdict
), event AS (
    SELECT 'client.create' AS event, CASE verdict WHEN 'created' THEN 'success' ELSE 'failure' END AS outcome,
           $38 AS actor_kind, $39 AS actor_id, 'client' AS resource_kind, $7 AS resource_id, $7 AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict, 'client_type', $16) AS details
    FROM answer
    WHERE verdict <> 'again'
)
