-- $7 user, $8 sealed TOTP secret, $9 digests of backup codes
WITH person AS MATERIALIZED (
    SELECT u.id, u.mfa_enabled_at, u.totp_secret_sealed, u.backup_code_digests
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.mfa_enabled_at,
           CASE
               WHEN u.id IS NULL THEN 'user_inactive'
               -- This very call before, whose answer was lost, at the same time or with no code used since.
               WHEN u.totp_secret_sealed = $8 AND u.backup_code_digests <@ $9
                    AND (u.mfa_enabled_at = $6 OR u.mfa_enabled_at IS NOT NULL AND u.backup_code_digests @> $9)
                   THEN 'enabled'
               WHEN u.mfa_enabled_at IS NOT NULL THEN 'already_enabled'
               WHEN cardinality($9) > 32 THEN 'too_many_codes'
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
