-- $7 family, $8 user whose it has to be, $9 reason, $10 actor kind, $11 actor
WITH family AS MATERIALIZED (
    SELECT r.id, r.client_id, r.session_id, r.revoked_at, r.revocation_reason
    FROM refresh_tokens r
    WHERE r.id = $7 AND ($8 IS NULL OR r.user_id = $8)
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT f.client_id, f.session_id,
           CASE
               WHEN f.id IS NULL THEN 'unknown'
               -- Not by this very call before.
               WHEN f.revoked_at <> $6 OR f.revocation_reason <> $9::revocation_reason THEN 'already'
               ELSE 'revoked'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN family f ON true
), written AS (
    UPDATE refresh_tokens r
    SET revoked_at = $6, revocation_reason = $9::revocation_reason, sealed_successor = NULL
    FROM verdict v
    WHERE r.id = $7 AND v.verdict = 'revoked'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'refresh_token.revoke' AS event,
           CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $10 AS actor_kind, $11 AS actor_id, 'refresh_token' AS resource_kind, $7 AS resource_id, client_id,
           session_id, jsonb_build_object('outcome', verdict, 'reason', $9) AS details
    FROM verdict
)
