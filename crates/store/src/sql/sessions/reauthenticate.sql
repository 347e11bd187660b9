-- $7 id, $8 blind, $9 blinded digest, $10 digest of the successor, $11 auth_time, $12 acr, $13 amr
WITH session AS MATERIALIZED (
    SELECT s.*, s.digest = $10 AS is_done
    FROM sessions s
    WHERE s.id = $7 AND (sha256(s.digest || $8) = $9 OR s.digest = $10)
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT s.id, s.user_id, s.is_done, s.expires_at, least($6 + timeout.idle, s.expires_at) AS idle_expires_at,
           CASE
               WHEN s.id IS NULL THEN 'unknown'
               WHEN s.revoked_at IS NOT NULL THEN 'revoked'
               WHEN s.expires_at <= $6 THEN 'expired'
               WHEN s.idle_expires_at <= $6 THEN 'idle'
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN s.user_epoch <> u.revocation_epoch THEN 'revoked'
               -- Whoever guesses shall not go on guessing here. This very call before, whose answer was lost, was none.
               WHEN u.locked_until > $6 AND NOT s.is_done THEN 'user_locked'
               WHEN char_length($12) NOT BETWEEN 1 AND 255 OR NOT is_scope_list($13) THEN 'bad_context'
               ELSE 'reauthenticated'
           END AS verdict
    FROM (
        SELECT greatest(least(coalesce(
                   (SELECT (value #>> '{}')::bigint FROM settings
                    WHERE key = 'sessions.idle_timeout_minutes' AND value_type = 'integer'), 30), 525600), 1)
                   * interval '1 minute' AS idle
    ) timeout
    LEFT JOIN session s ON true
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = s.user_id OFFSET 0) u ON true
), written AS (
    UPDATE sessions s
    SET digest = $10, auth_time = $11, acr = $12, amr = $13, last_active_at = greatest($6, s.last_active_at),
        idle_expires_at = greatest(v.idle_expires_at, s.idle_expires_at)
    FROM verdict v
    WHERE s.id = $7 AND v.verdict = 'reauthenticated' AND NOT v.is_done
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'session.reauthenticate' AS event,
           CASE verdict WHEN 'reauthenticated' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, user_id AS actor_id, 'session' AS resource_kind, $7 AS resource_id,
           NULL::uuid AS client_id, id AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
