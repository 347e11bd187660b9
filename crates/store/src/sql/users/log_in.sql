-- $7 user, $8 address
WITH person AS MATERIALIZED (
    SELECT u.id, u.erased_at, u.locked_at, u.locked_until, u.last_login_at FROM users u WHERE u.id = $7 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.id, u.last_login_at,
           CASE
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN u.locked_until > $6 AND u.last_login_at IS DISTINCT FROM $6 THEN 'user_locked'
               ELSE 'logged_in'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u
    SET last_login_at = $6, last_login_address = $8::inet, failed_login_attempts = 0, locked_at = NULL,
        locked_until = NULL, lock_reason = NULL
    FROM verdict v
    -- Not for this very call before, nor for a login of before the last one: what failed since then has to count.
    WHERE u.id = $7 AND v.verdict = 'logged_in' AND coalesce(v.last_login_at < $6, true)
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.login' AS event, CASE verdict WHEN 'logged_in' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $7 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
