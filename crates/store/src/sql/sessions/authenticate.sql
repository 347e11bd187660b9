-- $1 now, $2 id, $3 blind, $4 blinded digest, $5 seconds between two writes
WITH verdict AS MATERIALIZED (
    SELECT s.id, s.sid, s.user_id, s.auth_time, s.acr, s.amr, s.last_active_at, s.idle_expires_at, s.expires_at,
           u.username, u.role::text AS role, u.must_change_password, timeout.idle,
           -- With a short time-out more often, so that a session in use never ends for want of a write.
           least($5 * interval '1 second', timeout.idle / 10) AS pause,
           CASE
               WHEN s.id IS NULL THEN 'unknown'
               WHEN s.revoked_at IS NOT NULL THEN 'revoked'
               WHEN s.expires_at <= $1 THEN 'expired'
               WHEN s.idle_expires_at <= $1 THEN 'idle'
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN s.user_epoch <> u.revocation_epoch THEN 'revoked'
               ELSE 'active'
           END AS verdict
    FROM (
        SELECT greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'sessions.idle_timeout_minutes' AND value_type = 'integer'), 30), 525600), 1)
                   * interval '1 minute' AS idle
    ) timeout
    LEFT JOIN sessions s ON s.id = $2 AND sha256(s.digest || $3) = $4
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = s.user_id OFFSET 0) u ON true
), due AS MATERIALIZED (
    -- Waits for nobody: whoever holds the row writes the same, or ends the session.
    SELECT s.id, v.idle
    FROM verdict v
    JOIN sessions s ON s.id = $2
    WHERE v.verdict = 'active' AND v.last_active_at <= $1 - v.pause
      AND s.last_active_at <= $1 - v.pause AND s.revoked_at IS NULL
    FOR NO KEY UPDATE OF s SKIP LOCKED
), touched AS (
    UPDATE sessions s
    SET last_active_at = $1, idle_expires_at = least($1 + d.idle, s.expires_at)
    FROM due d
    WHERE s.id = d.id
    RETURNING s.idle_expires_at
)
SELECT verdict, id, sid, user_id, username, role, must_change_password, auth_time, acr, amr, expires_at,
       coalesce((SELECT idle_expires_at FROM touched), idle_expires_at) AS idle_expires_at
FROM verdict
