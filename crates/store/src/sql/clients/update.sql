-- $7 id, $8 client_id, $9 name, $10 description, $11 logo_uri, $12 client_uri, $13 policy_uri, $14 tos_uri,
-- $15 contacts, $16 client_type, $17 token_endpoint_auth_method, $18 secret_digest, $19 jwks, $20 jwks_uri,
-- $21 tls_client_auth_subject_dn, $22 redirect_uris, $23 post_logout_redirect_uris, $24 grant_types,
-- $25 response_types, $26 allowed_scopes, $27 require_pkce, $28 allow_plain_code_challenge,
-- $29 require_pushed_authorization_requests, $30 dpop_bound_access_tokens,
-- $31 tls_client_certificate_bound_access_tokens, $32 authorization_code_ttl, $33 access_token_ttl,
-- $34 refresh_token_ttl, $35 refresh_token_absolute_ttl, $36 device_code_ttl, $37 owner_id, $38 actor kind, $39 actor
WITH client AS MATERIALIZED (
    SELECT c.id, c.client_id, c.secret_digest, c.owner_id FROM clients c WHERE c.id = $7 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT c.secret_digest, secret.needed,
           CASE
               WHEN c.id IS NULL THEN 'unknown'
               WHEN c.client_id <> $8 THEN 'wrong_client_id'
               -- The owner that the client has may stay, erased or not.
               WHEN $37 IS NOT NULL AND $37 IS DISTINCT FROM c.owner_id AND NOT EXISTS (
                   SELECT FROM users WHERE id = $37 AND erased_at IS NULL) THEN 'unknown_owner'
               WHEN secret.needed AND coalesce(c.secret_digest, $18) IS NULL THEN 'secret_required'
               ELSE 'updated'
           END AS verdict
    FROM (SELECT $17 IN ('client_secret_basic', 'client_secret_post') AS needed) secret
    LEFT JOIN client c ON true
), written AS (
    UPDATE clients c
    SET name = $9, description = $10, logo_uri = $11, client_uri = $12, policy_uri = $13, tos_uri = $14,
        contacts = $15, client_type = $16::client_type, token_endpoint_auth_method = $17::token_endpoint_auth_method,
        jwks = $19, jwks_uri = $20, tls_client_auth_subject_dn = $21, redirect_uris = $22,
        post_logout_redirect_uris = $23, grant_types = $24::grant_type[], response_types = $25::response_type[],
        allowed_scopes = $26, require_pkce = $27, allow_plain_code_challenge = $28,
        require_pushed_authorization_requests = $29, dpop_bound_access_tokens = $30,
        tls_client_certificate_bound_access_tokens = $31, authorization_code_ttl = $32, access_token_ttl = $33,
        refresh_token_ttl = $34, refresh_token_absolute_ttl = $35, device_code_ttl = $36, owner_id = $37,
        secret_digest = CASE WHEN v.needed THEN coalesce(v.secret_digest, $18) END,
        previous_secret_digest = CASE WHEN v.needed THEN c.previous_secret_digest END,
        previous_secret_expires_at = CASE WHEN v.needed THEN c.previous_secret_expires_at END,
        updated_at = $6
    FROM verdict v
    WHERE c.id = $7 AND v.verdict = 'updated'
), answer AS (
    SELECT verdict, needed AND coalesce(secret_digest = $18, $18 IS NOT NULL) AS is_secret_taken FROM verdict
), event AS (
    SELECT 'client.update' AS event, CASE verdict WHEN 'updated' THEN 'success' ELSE 'failure' END AS outcome,
           $38 AS actor_kind, $39 AS actor_id, 'client' AS resource_kind, $7 AS resource_id, $7 AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
