-- $7 user
WITH person AS MATERIALIZED (
    SELECT u.id, u.failed_login_attempts, u.locked_at, u.locked_until
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.id, u.failed_login_attempts, u.locked_until, next.attempts, $6 + policy.duration AS next_locked_until,
           CASE
               WHEN u.id IS NULL THEN 'unknown'
               WHEN u.locked_at IS NOT NULL AND coalesce(u.locked_until > $6, true) THEN 'already_locked'
               WHEN next.attempts >= policy.threshold THEN 'locked'
               ELSE 'counted'
           END AS verdict
    FROM (
        -- Whatever a setting says, a login fails or not by its password.
        SELECT greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'security.lockout_threshold' AND value_type = 'integer'), 5), 100), 1)
                   AS threshold,
               greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'security.lockout_duration_minutes' AND value_type = 'integer'), 30), 10080), 1)
                   * interval '1 minute' AS duration
    ) policy
    LEFT JOIN person u ON true
    -- After a lock that has ended, counting starts again.
    LEFT JOIN LATERAL (SELECT CASE WHEN u.locked_at IS NULL THEN u.failed_login_attempts + 1 ELSE 1 END AS attempts) next ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, ip_address, user_agent,
                            request_id, details, created_at)
    -- Whoever failed has not proved to be that person.
    SELECT $1, 'user.login', 'failure', 'user', NULL, 'user', id::text, $2::inet, $3, $4,
           $5 || jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'attempts',
                                                      CASE WHEN verdict IN ('counted', 'locked') THEN attempts END)),
           $6
    FROM verdict
    -- Waits for the same call elsewhere; only the one that writes the event counts.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), written AS (
    UPDATE users u
    SET failed_login_attempts = v.attempts,
        locked_at = CASE v.verdict WHEN 'locked' THEN $6 END,
        locked_until = CASE v.verdict WHEN 'locked' THEN v.next_locked_until END,
        lock_reason = CASE v.verdict WHEN 'locked' THEN 'too many failed logins' END
    FROM verdict v, logged
    WHERE u.id = $7 AND v.verdict IN ('counted', 'locked')
)
SELECT CASE WHEN verdict IN ('unknown', 'already_locked') OR EXISTS (SELECT FROM logged) THEN verdict
            ELSE 'counted' END AS verdict,
       CASE WHEN EXISTS (SELECT FROM logged) AND verdict IN ('counted', 'locked') THEN attempts
            ELSE failed_login_attempts END AS attempts,
       CASE WHEN verdict = 'locked' AND EXISTS (SELECT FROM logged) THEN next_locked_until ELSE locked_until END AS locked_until
FROM verdict
