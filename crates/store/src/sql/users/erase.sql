-- $7 user, $8 actor kind, $9 actor
WITH person AS MATERIALIZED (
    SELECT u.id, u.email, u.erased_at, u.created_at FROM users u WHERE u.id = $7 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.id, u.email, u.created_at, u.erased_at IS NOT NULL AS is_done,
           CASE
               WHEN u.id IS NULL THEN 'unknown'
               WHEN u.erased_at <> $6 THEN 'already'
               ELSE 'done'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u
    SET username = 'erased-' || u.id, email = u.id || '@erased.invalid', email_verified_at = NULL, password_hash = NULL,
        password_changed_at = NULL, password_history = '{}', must_change_password = false, given_name = NULL,
        family_name = NULL, claims = '{}', role = 'user', failed_login_attempts = 0, locked_at = NULL,
        locked_until = NULL, lock_reason = NULL, mfa_enabled_at = NULL, totp_secret_sealed = NULL,
        backup_code_digests = '{}', mfa_last_step = NULL, last_login_at = NULL, last_login_address = NULL, erased_at = $6,
        revocation_epoch = u.revocation_epoch + 1, tokens_revoked_before = $6, updated_at = $6
    FROM verdict v
    WHERE u.id = $7 AND NOT v.is_done
), held_clients AS MATERIALIZED (
    -- Users, clients, sessions, families, access tokens, codes, device codes: in this order everybody locks rows, and
    -- those of one table by their ids. Each of these asks first how many the one before has locked, whatever the answer.
    SELECT c.id
    FROM clients c, verdict v
    WHERE c.owner_id = $7 AND NOT v.is_done
      AND EXISTS (SELECT FROM unnest(c.contacts) AS contact WHERE lower(contact) = lower(v.email))
    ORDER BY c.id
    FOR NO KEY UPDATE OF c
), held_sessions AS MATERIALIZED (
    SELECT s.id
    FROM sessions s
    WHERE s.user_id = $7 AND (s.revoked_at IS NULL OR num_nonnulls(s.ip_address, s.user_agent, s.device) > 0)
      AND (SELECT count(*) >= 0 FROM held_clients)
    ORDER BY s.id
    FOR NO KEY UPDATE OF s
), held_families AS MATERIALIZED (
    SELECT r.id
    FROM refresh_tokens r
    WHERE r.user_id = $7 AND (r.revoked_at IS NULL OR r.authorization_details IS NOT NULL)
      AND (SELECT count(*) >= 0 FROM held_sessions)
    ORDER BY r.id
    FOR NO KEY UPDATE OF r
), held_tokens AS MATERIALIZED (
    SELECT t.id
    FROM access_tokens t
    WHERE t.user_id = $7 AND num_nonnulls(t.authorization_details, t.actor) > 0
      AND (SELECT count(*) >= 0 FROM held_families)
    ORDER BY t.id
    FOR NO KEY UPDATE OF t
), held_codes AS MATERIALIZED (
    SELECT k.id
    FROM authorization_codes k
    WHERE k.user_id = $7 AND num_nonnulls(k.authorization_details, k.requested_claims) > 0
      AND (SELECT count(*) >= 0 FROM held_tokens)
    ORDER BY k.id
    FOR NO KEY UPDATE OF k
), held_device_codes AS MATERIALIZED (
    SELECT d.id
    FROM device_codes d, verdict v
    -- Nobody answers a code before they are there or after it has expired.
    WHERE d.user_id = v.id AND d.expires_at >= v.created_at AND num_nonnulls(d.ip_address, d.user_agent) > 0
      AND (SELECT count(*) >= 0 FROM held_codes)
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
), held AS MATERIALIZED (
    -- One row, for which everything has to be locked.
    SELECT count(*) FROM held_device_codes
), contacts AS (
    UPDATE clients c
    SET contacts = ARRAY(SELECT contact FROM unnest(c.contacts) WITH ORDINALITY AS list (contact, position)
                         WHERE lower(contact) <> lower(v.email) ORDER BY position),
        updated_at = $6
    FROM verdict v
    WHERE c.owner_id = $7 AND NOT v.is_done AND EXISTS (SELECT FROM held)
      AND EXISTS (SELECT FROM unnest(c.contacts) AS contact WHERE lower(contact) = lower(v.email))
), devices AS (
    UPDATE sessions s
    SET ip_address = NULL, user_agent = NULL, device = NULL, revoked_at = coalesce(s.revoked_at, $6),
        revocation_reason = coalesce(s.revocation_reason, 'account_erased')
    WHERE s.user_id = $7 AND (s.revoked_at IS NULL OR num_nonnulls(s.ip_address, s.user_agent, s.device) > 0)
      AND EXISTS (SELECT FROM held)
), grants AS (
    -- RFC 9396 details say what somebody pays, to whom, from which account.
    UPDATE refresh_tokens r
    SET authorization_details = NULL, sealed_successor = NULL, revoked_at = coalesce(r.revoked_at, $6),
        revocation_reason = coalesce(r.revocation_reason, 'account_erased')
    WHERE r.user_id = $7 AND (r.revoked_at IS NULL OR r.authorization_details IS NOT NULL)
      AND EXISTS (SELECT FROM held)
), tokens AS (
    UPDATE access_tokens t
    SET authorization_details = NULL, actor = NULL
    WHERE t.user_id = $7 AND num_nonnulls(t.authorization_details, t.actor) > 0 AND EXISTS (SELECT FROM held)
), codes AS (
    UPDATE authorization_codes k
    SET authorization_details = NULL, requested_claims = NULL
    WHERE k.user_id = $7 AND num_nonnulls(k.authorization_details, k.requested_claims) > 0
      AND EXISTS (SELECT FROM held)
), answered AS (
    UPDATE device_codes d
    SET ip_address = NULL, user_agent = NULL
    FROM verdict v
    WHERE d.user_id = v.id AND d.expires_at >= v.created_at AND num_nonnulls(d.ip_address, d.user_agent) > 0
      AND EXISTS (SELECT FROM held)
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.erase' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $8 AS actor_kind, $9 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
