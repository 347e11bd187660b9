-- One row of each table with every column set that can be set beside the others.
INSERT INTO users (id, username, email, email_verified_at, password_hash, password_changed_at, password_history,
                   must_change_password, given_name, family_name, claims, role, failed_login_attempts, locked_at,
                   locked_until, lock_reason, mfa_enabled_at, totp_secret_sealed, backup_code_digests,
                   tokens_revoked_before, last_login_at, last_login_address, created_at, updated_at, revocation_epoch,
                   mfa_last_step)
VALUES ('019aa000-0000-7000-8000-000000000001', 'ada', 'ada@example.com', '2026-11-23T12:00:00Z',
        '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bWFya2VybWFya2VybWFya2VybWFya2Vy', '2026-11-23T12:00:00.123456Z',
        ARRAY['$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bWFya2VybWFya2VybWFya2VybWFya2Vy'], true, 'Ada', 'Lovelace', '{"locale": "en"}',
        'super_admin', 3, '2026-11-23T12:00:00Z', '2026-11-23T12:30:00Z', 'failed logins', '2026-11-23T12:00:00Z',
        decode(repeat('5a', 48), 'hex'), ARRAY[decode(repeat('5a', 32), 'hex')], '2026-11-23T12:00:00Z',
        '2026-11-23T12:00:00Z', '2001:db8::1', '2026-11-23T12:00:00Z', '2026-11-23T12:00:00Z', 2, 58796640);

INSERT INTO clients (id, client_id, name, description, logo_uri, client_uri, policy_uri, tos_uri, contacts, client_type,
                     token_endpoint_auth_method, secret_digest, previous_secret_digest, previous_secret_expires_at,
                     jwks, redirect_uris, post_logout_redirect_uris, grant_types, response_types, allowed_scopes,
                     authorization_code_ttl, access_token_ttl, refresh_token_ttl, refresh_token_absolute_ttl,
                     device_code_ttl, owner_id, tokens_revoked_before, disabled_at, revocation_epoch)
VALUES ('019aa000-0000-7000-8000-000000000002', 'web', 'Web', 'A client', 'https://a.example/l', 'https://a.example/c',
        'https://a.example/p', 'https://a.example/t', ARRAY['ada@example.com'], 'confidential', 'client_secret_basic',
        decode(repeat('5a', 32), 'hex'), decode('00' || repeat('5a', 31), 'hex'), '2026-11-23T12:00:00Z', '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
        ARRAY['https://a.example/callback', 'com.example.app:/callback'], ARRAY['https://a.example/out'],
        ARRAY['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code',
              'urn:ietf:params:oauth:grant-type:token-exchange']::grant_type[],
        ARRAY['code', 'code id_token']::response_type[], ARRAY['openid', 'email'], 60, 60, 60, 60, 60,
        '019aa000-0000-7000-8000-000000000001', '2026-11-23T12:00:00Z', '2026-11-23T12:00:00Z', 3);

INSERT INTO scopes (name, display_name, description, claims, is_default)
VALUES ('email', 'Email', 'Your address', ARRAY['email', 'email_verified'], true);

INSERT INTO sessions (id, digest, sid, user_id, auth_time, acr, amr, ip_address, user_agent, device, created_at,
                      last_active_at, idle_expires_at, expires_at, revoked_at, revocation_reason, user_epoch)
VALUES ('019aa000-0000-7000-8000-000000000003', decode(repeat('5a', 32), 'hex'), 'sid',
        '019aa000-0000-7000-8000-000000000001', '2026-11-23T12:00:00Z', 'urn:mace:incommon:iap:silver',
        ARRAY['pwd', 'otp'], '192.0.2.1', 'Agent', 'Laptop', '2026-11-23T12:00:00Z', '2026-11-23T12:00:00Z',
        '2026-11-23T12:30:00Z', '2026-11-30T12:00:00Z', '2026-11-23T12:10:00Z', 'logout', 2);

INSERT INTO refresh_tokens (id, digest, previous_digest, sealed_successor, generation, rotated_at, client_id, user_id,
                            session_id, scopes, resources, authorization_details, dpop_jkt, auth_time, acr, amr,
                            issued_at, idle_expires_at, expires_at, revoked_at, revocation_reason, client_epoch,
                            user_epoch, lineage_digest)
VALUES ('019aa000-0000-7000-8000-000000000004', decode(repeat('5a', 32), 'hex'), decode('00' || repeat('5a', 31), 'hex'),
        decode(repeat('5a', 64), 'hex'), 1, '2026-11-23T12:00:00Z', '019aa000-0000-7000-8000-000000000002',
        '019aa000-0000-7000-8000-000000000001', '019aa000-0000-7000-8000-000000000003', ARRAY['openid'],
        ARRAY['https://api.example/'], '[{"type": "payment"}]', repeat('a', 43), '2026-11-23T12:00:00Z', 'acr',
        ARRAY['pwd'], '2026-11-23T12:00:00Z', '2026-11-24T12:00:00Z', '2026-12-23T12:00:00Z', '2026-11-23T12:10:00Z',
        'refresh_token_reuse', 3, 2, decode('01' || repeat('5a', 31), 'hex'));

INSERT INTO authorization_codes (id, digest, client_id, user_id, session_id, redirect_uri, scopes, resources,
                                 authorization_details, code_challenge, code_challenge_method, nonce, auth_time, acr,
                                 amr, requested_claims, dpop_jkt, issued_at, expires_at, consumed_at, access_token_id,
                                 refresh_token_id, client_epoch, user_epoch)
VALUES ('019aa000-0000-7000-8000-000000000005', decode(repeat('5a', 32), 'hex'), '019aa000-0000-7000-8000-000000000002',
        '019aa000-0000-7000-8000-000000000001', '019aa000-0000-7000-8000-000000000003', 'https://a.example/callback',
        ARRAY['openid'], ARRAY['https://api.example/'], '[{"type": "payment"}]', repeat('b', 43), 'S256', 'nonce',
        '2026-11-23T12:00:00Z', 'acr', ARRAY['pwd'], '{"id_token": {}}', repeat('a', 43), '2026-11-23T12:00:00Z',
        '2026-11-23T12:10:00Z', '2026-11-23T12:01:00Z', '019aa000-0000-7000-8000-000000000006',
        '019aa000-0000-7000-8000-000000000004', 3, 2);

INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, scopes, audience, resources,
                           authorization_details, x5t_s256, actor, issued_at, expires_at, revoked_at, revocation_reason,
                           client_epoch, user_epoch, auth_time, acr)
VALUES ('019aa000-0000-7000-8000-000000000006', decode(repeat('5a', 32), 'hex'), '019aa000-0000-7000-8000-000000000002',
        '019aa000-0000-7000-8000-000000000001', '019aa000-0000-7000-8000-000000000003',
        ARRAY['openid'], ARRAY['api'], ARRAY['https://api.example/'],
        '[{"type": "payment"}]', repeat('c', 43), '{"sub": "agent"}', '2026-11-23T12:00:00Z', '2026-11-23T13:00:00Z',
        '2026-11-23T12:10:00Z', 'code_replay', 3, 2, '2026-11-23T12:00:00Z', 'acr');

INSERT INTO device_codes (id, digest, user_code, client_id, scopes, resources, status, user_id, session_id, answered_at,
                          exchanged_at, last_polled_at, slow_down_count, attempts, ip_address, user_agent, issued_at,
                          expires_at, client_epoch, user_epoch, auth_time, acr, amr)
VALUES ('019aa000-0000-7000-8000-000000000007', decode(repeat('5a', 32), 'hex'), 'WDJBMJHT',
        '019aa000-0000-7000-8000-000000000002', ARRAY['openid'], ARRAY['https://api.example/'], 'exchanged',
        '019aa000-0000-7000-8000-000000000001', '019aa000-0000-7000-8000-000000000003', '2026-11-23T12:01:00Z',
        '2026-11-23T12:02:00Z', '2026-11-23T12:02:00Z', 1, 2, '192.0.2.0/24', 'TV', '2026-11-23T12:00:00Z',
        '2026-11-23T12:05:00Z', 3, 2, '2026-11-23T12:00:00Z', 'acr', ARRAY['pwd']);

INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, client_id, session_id,
                        ip_address, user_agent, request_id, details)
VALUES ('019aa000-0000-7000-8000-000000000008', 'token.refresh', 'failure', 'user',
        '019aa000-0000-7000-8000-000000000001', 'refresh_token', '019aa000-0000-7000-8000-000000000004',
        '019aa000-0000-7000-8000-000000000002', '019aa000-0000-7000-8000-000000000003', '192.0.2.1', 'Agent', 'req-1',
        '{"error": "invalid_grant"}');

INSERT INTO settings (key, value, value_type, category, description, updated_by)
VALUES ('tokens.access_token_ttl', '3600', 'integer', 'tokens', 'Seconds', '019aa000-0000-7000-8000-000000000001');
