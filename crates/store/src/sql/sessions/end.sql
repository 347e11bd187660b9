-- $7 id, $8 blind, $9 blinded digest
WITH session AS MATERIALIZED (
    SELECT s.id, s.user_id, s.revoked_at
    FROM sessions s
    WHERE s.id = $7 AND sha256(s.digest || $8) = $9
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT s.id, s.user_id,
           CASE WHEN s.id IS NULL THEN 'unknown' WHEN s.revoked_at IS NOT NULL THEN 'already' ELSE 'revoked' END AS verdict
    FROM (SELECT) AS one LEFT JOIN session s ON true
), written AS (
    UPDATE sessions s SET revoked_at = $6, revocation_reason = 'logout'
    FROM verdict v
    WHERE s.id = $7 AND v.verdict = 'revoked'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'session.end' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           'user' AS actor_kind, user_id AS actor_id, 'session' AS resource_kind, $7 AS resource_id,
           NULL::uuid AS client_id, id AS session_id,
           jsonb_build_object('outcome', verdict, 'reason', 'logout') AS details
    FROM verdict
)
