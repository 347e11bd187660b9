-- $7 id, $8 digest, $9 sid, $10 user, $11 auth_time, $12 acr, $13 amr, $14 address, $15 agent, $16 device,
-- $17 revocation epoch of the user when they proved who they are
WITH person AS MATERIALIZED (
    -- Waits for a change of password or an erasure under way, and then sees it; logins do not wait for each other.
    SELECT u.id, u.revocation_epoch, u.erased_at, u.locked_at, u.locked_until FROM users u WHERE u.id = $10 FOR SHARE
), verdict AS MATERIALIZED (
    SELECT u.revocation_epoch AS user_epoch, s.id IS NOT NULL AS is_done,
           coalesce(s.expires_at, $6 + l.duration) AS expires_at,
           coalesce(s.idle_expires_at, least($6 + l.idle_timeout, $6 + l.duration)) AS idle_expires_at,
           CASE
               -- This very call before, whose answer was lost.
               WHEN s.id IS NOT NULL THEN 'created'
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN u.locked_until > $6 THEN 'user_locked'
               WHEN u.revocation_epoch <> $17 THEN 'revoked'
               WHEN char_length($12) NOT BETWEEN 1 AND 255 OR NOT is_scope_list($13) THEN 'bad_context'
               ELSE 'created'
           END AS verdict
    FROM (
        -- Whatever a setting says, a lifetime is one that the table takes.
        SELECT greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'sessions.duration_days' AND value_type = 'integer'), 7), 365), 1)
                   * interval '24 hours' AS duration,
               greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'sessions.idle_timeout_minutes' AND value_type = 'integer'), 30), 525600), 1)
                   * interval '1 minute' AS idle_timeout
    ) l
    LEFT JOIN person u ON true
    LEFT JOIN sessions s ON s.id = $7 AND s.digest = $8
), created AS (
    INSERT INTO sessions (id, digest, sid, user_id, auth_time, acr, amr, ip_address, user_agent, device, created_at,
                          last_active_at, idle_expires_at, expires_at, user_epoch)
    SELECT $7, $8, $9, $10, $11, $12, $13, $14::inet, $15, $16, $6, $6, idle_expires_at, expires_at, user_epoch
    FROM verdict
    WHERE verdict = 'created' AND NOT is_done
    ON CONFLICT (id) DO NOTHING
), answer AS (
    SELECT verdict, idle_expires_at, expires_at FROM verdict
), event AS (
    SELECT 'session.create' AS event, CASE verdict WHEN 'created' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $10 AS actor_id, 'session' AS resource_kind, $7 AS resource_id,
           NULL::uuid AS client_id, $7 AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
