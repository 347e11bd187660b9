-- $1 client_id
SELECT id, client_id, name, description, logo_uri, client_uri, policy_uri, tos_uri, contacts,
       client_type::text AS client_type, token_endpoint_auth_method::text AS token_endpoint_auth_method, jwks,
       jwks_uri, tls_client_auth_subject_dn, redirect_uris, post_logout_redirect_uris,
       grant_types::text[] AS grant_types, response_types::text[] AS response_types, allowed_scopes, require_pkce,
       allow_plain_code_challenge, require_pushed_authorization_requests, dpop_bound_access_tokens,
       tls_client_certificate_bound_access_tokens, authorization_code_ttl, access_token_ttl, refresh_token_ttl,
       refresh_token_absolute_ttl, device_code_ttl, owner_id, previous_secret_expires_at, disabled_at, created_at,
       updated_at
FROM clients
WHERE client_id = $1
