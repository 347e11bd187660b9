-- $7 user, $8 actor kind, $9 actor
WITH person AS MATERIALIZED (
    SELECT u.id, u.locked_at, u.failed_login_attempts
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT CASE
               WHEN u.id IS NULL THEN 'unknown'
               WHEN u.locked_at IS NULL AND u.failed_login_attempts = 0 THEN 'already'
               ELSE 'done'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u
    SET locked_at = NULL, locked_until = NULL, lock_reason = NULL, failed_login_attempts = 0
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'done'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.unlock' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $8 AS actor_kind, $9 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
