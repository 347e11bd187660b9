-- $7 user, $8 reason, $9 actor kind, $10 actor
WITH done AS MATERIALIZED (
    -- This very call before, whose answer was lost: what began since must not be revoked as well.
    SELECT FROM audit_logs
    WHERE id = $1 AND event = 'user.revoke_tokens' AND resource_id = $7::text AND outcome = 'success'
), written AS (
    UPDATE users SET revocation_epoch = revocation_epoch + 1, tokens_revoked_before = $6, updated_at = $6
    WHERE id = $7 AND NOT EXISTS (SELECT FROM done)
    RETURNING id
), answer AS (
    SELECT CASE WHEN EXISTS (SELECT FROM written) OR EXISTS (SELECT FROM done) THEN 'revoked' ELSE 'unknown' END AS verdict
), event AS (
    SELECT 'user.revoke_tokens' AS event, CASE verdict WHEN 'revoked' THEN 'success' ELSE 'failure' END AS outcome,
           $9 AS actor_kind, $10 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict, 'reason', $8) AS details
    FROM answer
)
