-- $7 user, $8 actor kind, $9 actor
WITH person AS MATERIALIZED (
    SELECT u.id, num_nonnulls(u.mfa_enabled_at, u.totp_secret_sealed, u.mfa_last_step)
                 + cardinality(u.backup_code_digests) = 0 AS is_off
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT CASE WHEN u.id IS NULL THEN 'unknown' WHEN u.is_off THEN 'already' ELSE 'done' END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u
    SET mfa_enabled_at = NULL, totp_secret_sealed = NULL, backup_code_digests = '{}', mfa_last_step = NULL, updated_at = $6
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'done'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.disable_mfa' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $8 AS actor_kind, $9 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
