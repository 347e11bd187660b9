-- $7 user, $8 the session that stays, $9 reason, $10 actor kind, $11 actor
WITH session AS MATERIALIZED (
    -- In one order, so that two who do this at once do not wait for each other. One that was idle for too long is
    -- ended as well: its tokens may still live. What this very call has ended before counts again.
    SELECT s.id, s.revoked_at
    FROM sessions s
    WHERE s.user_id = $7 AND s.id IS DISTINCT FROM $8 AND s.expires_at > $6
      AND (s.revoked_at IS NULL OR s.revoked_at = $6 AND s.revocation_reason = $9::revocation_reason)
    ORDER BY s.id
    FOR NO KEY UPDATE
), written AS (
    UPDATE sessions s SET revoked_at = $6, revocation_reason = $9::revocation_reason
    FROM session o
    WHERE s.id = o.id AND o.revoked_at IS NULL
), answer AS (
    SELECT count(*) AS ended FROM session
), event AS (
    SELECT 'session.end_all' AS event, 'success' AS outcome, $10 AS actor_kind, $11 AS actor_id,
           'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id, $8 AS session_id,
           jsonb_build_object('outcome', 'ended', 'reason', $9, 'sessions', ended) AS details
    FROM answer
)
