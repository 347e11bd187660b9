-- $7 user, $8 outdated hash, $9 upgraded hash
WITH person AS MATERIALIZED (
    -- Waits for whoever changes the password, and then sees what they did.
    SELECT u.id, u.password_hash, u.erased_at FROM users u WHERE u.id = $7 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT CASE
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL THEN 'unknown'
               WHEN u.password_hash = $9 THEN 'already'
               WHEN u.password_hash = $8 THEN 'done'
               ELSE 'unknown'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u SET password_hash = $9, updated_at = $6 FROM verdict v WHERE u.id = $7 AND v.verdict = 'done'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.upgrade_password_hash' AS event,
           CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           'system' AS actor_kind, NULL::uuid AS actor_id, 'user' AS resource_kind, $7 AS resource_id,
           NULL::uuid AS client_id, NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
