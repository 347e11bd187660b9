-- $7 user, $8 sealed TOTP secret, $9 digests of backup codes
WITH person AS MATERIALIZED (
    SELECT u.id, u.mfa_enabled_at, u.totp_secret_sealed
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.mfa_enabled_at,
           CASE
               WHEN u.id IS NULL THEN 'user_inactive'
               WHEN u.mfa_enabled_at IS NOT NULL AND u.totp_secret_sealed <> $8 THEN 'already_enabled'
               ELSE 'enabled'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u SET mfa_enabled_at = $6, totp_secret_sealed = $8, backup_code_digests = $9, mfa_last_step = NULL, updated_at = $6
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'enabled' AND v.mfa_enabled_at IS NULL
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.enable_mfa' AS event, CASE verdict WHEN 'enabled' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $7 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
