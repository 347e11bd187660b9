-- $7 user, $8 new hash, $9 whether the current hash matters, $10 current hash, $11 must change it, $12 whether
-- everything else is revoked, $13 the session that stays, $14 actor kind, $15 actor
WITH earlier AS MATERIALIZED (
    SELECT FROM audit_logs
    WHERE id = $1 AND event = 'user.change_password' AND resource_id = $7::text AND outcome = 'success'
), person AS MATERIALIZED (
    -- Waits for whoever changes the same password, and then sees what they did.
    SELECT u.id, u.password_hash, u.password_history, u.erased_at, u.locked_at, u.locked_until, u.revocation_epoch
    FROM users u
    WHERE u.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.id, u.revocation_epoch,
           u.password_hash = $8 OR $8 = ANY (u.password_history) OR EXISTS (SELECT FROM earlier) AS is_done,
           greatest(least(coalesce(
               (SELECT (value #>> '{}')::bigint FROM settings
                WHERE key = 'security.password_history_count' AND value_type = 'integer'), 5), 24), 0)::int AS history,
           CASE
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR $9 AND u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               -- This very call before, whose answer was lost: no other hash has this salt. The password may have been
               -- changed since.
               WHEN u.password_hash = $8 OR $8 = ANY (u.password_history) OR EXISTS (SELECT FROM earlier) THEN 'changed'
               -- Whoever guesses shall not go on guessing here.
               WHEN $9 AND u.locked_until > $6 THEN 'user_locked'
               WHEN $9 AND u.password_hash IS DISTINCT FROM $10 THEN 'current_mismatch'
               ELSE 'changed'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u
    SET password_hash = $8, password_changed_at = $6, must_change_password = $11, updated_at = $6,
        password_history = (array_remove(ARRAY[u.password_hash], NULL) || u.password_history)[1:v.history],
        revocation_epoch = u.revocation_epoch + CASE WHEN $12 THEN 1 ELSE 0 END,
        tokens_revoked_before = CASE WHEN $12 THEN $6 ELSE u.tokens_revoked_before END
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'changed' AND v.is_done IS NOT TRUE
), kept AS (
    UPDATE sessions s
    SET user_epoch = v.revocation_epoch + 1
    FROM verdict v
    WHERE $12 AND v.verdict = 'changed' AND v.is_done IS NOT TRUE
      AND s.id = $13 AND s.user_id = $7 AND s.user_epoch = v.revocation_epoch AND s.revoked_at IS NULL
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.change_password' AS event, CASE verdict WHEN 'changed' THEN 'success' ELSE 'failure' END AS outcome,
           $14 AS actor_kind, $15 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           $13 AS session_id, jsonb_build_object('outcome', verdict, 'others_revoked', $12) AS details
    FROM verdict
)
