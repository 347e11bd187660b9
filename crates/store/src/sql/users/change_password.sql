-- $7 user, $8 new hash, $9 whether the current hash matters, $10 current hash, $11 must change it, $12 whether
-- everything else is revoked, $13 the session that stays, $14 actor kind, $15 actor
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost; the password may have been changed further since.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'user.change_password' AND resource_id = $7::text
), person AS MATERIALIZED (
    -- Waits for whoever changes the same password, and then sees what they did.
    SELECT u.id, u.password_hash, u.password_history, u.erased_at, u.locked_at, u.locked_until, u.revocation_epoch
    FROM users u
    WHERE u.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.id, u.revocation_epoch,
           -- The same, as far as the row tells: no other hash has this salt.
           coalesce(u.password_hash = $8 OR $8 = ANY (u.password_history), false) AS is_done,
           greatest(least(coalesce(
               (SELECT (value #>> '{}')::bigint FROM settings
                WHERE key = 'security.password_history_count' AND value_type = 'integer'), 5), 24), 0)::int AS history,
           coalesce((SELECT verdict FROM earlier), CASE
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR $9 AND u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN u.password_hash = $8 OR $8 = ANY (u.password_history) THEN 'changed'
               -- Whoever guesses shall not go on guessing here.
               WHEN $9 AND u.locked_until > $6 THEN 'user_locked'
               WHEN $9 AND u.password_hash IS DISTINCT FROM $10 THEN 'current_mismatch'
               ELSE 'changed'
           END) AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, session_id, ip_address,
                            user_agent, request_id, details, created_at)
    SELECT $1, 'user.change_password', (CASE verdict WHEN 'changed' THEN 'success' ELSE 'failure' END)::audit_outcome,
           $14::audit_actor_kind, $15, 'user', $7::text, $13, $2::inet, $3, $4,
           $5 || jsonb_build_object('outcome', verdict, 'others_revoked', $12), $6
    FROM verdict
    WHERE $1 IS NOT NULL
    -- Waits for the same call elsewhere; only the one that writes the event changes anything.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), change AS MATERIALIZED (
    SELECT * FROM verdict
    WHERE verdict = 'changed' AND NOT is_done AND ($1 IS NULL OR EXISTS (SELECT FROM logged))
), written AS (
    UPDATE users u
    SET password_hash = $8, password_changed_at = $6, must_change_password = $11, updated_at = $6,
        password_history = (array_remove(ARRAY[u.password_hash], NULL) || u.password_history)[1:v.history],
        revocation_epoch = u.revocation_epoch + CASE WHEN $12 THEN 1 ELSE 0 END,
        tokens_revoked_before = CASE WHEN $12 THEN $6 ELSE u.tokens_revoked_before END
    FROM change v
    WHERE u.id = $7
), kept AS (
    UPDATE sessions s
    SET user_epoch = v.revocation_epoch + 1
    FROM change v
    WHERE $12 AND s.id = $13 AND s.user_id = $7 AND s.user_epoch = v.revocation_epoch AND s.revoked_at IS NULL
)
SELECT CASE WHEN $1 IS NULL OR EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END
           AS verdict
FROM verdict
