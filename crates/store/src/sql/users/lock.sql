-- $7 user, $8 reason, $9 actor kind, $10 actor
WITH person AS MATERIALIZED (
    SELECT u.id, u.locked_at, u.locked_until FROM users u WHERE u.id = $7 AND u.erased_at IS NULL FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT CASE
               WHEN u.id IS NULL THEN 'unknown'
               WHEN u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'already'
               ELSE 'done'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    -- Counted up, so that nothing of before comes back to life when the lock is lifted.
    UPDATE users u
    SET locked_at = $6, locked_until = NULL, lock_reason = $8, revocation_epoch = u.revocation_epoch + 1,
        tokens_revoked_before = $6
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'done'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.lock' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $9 AS actor_kind, $10 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
