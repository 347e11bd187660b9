-- $7 user, $8 reason, $9 actor kind, $10 actor
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost: what began since must not be revoked as well.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'user.revoke_tokens' AND resource_id = $7::text
), verdict AS MATERIALIZED (
    SELECT coalesce((SELECT verdict FROM earlier),
                    CASE WHEN EXISTS (SELECT FROM users WHERE id = $7) THEN 'revoked' ELSE 'unknown' END) AS verdict
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, client_id, ip_address,
                            user_agent, request_id, details, created_at)
    SELECT $1, 'user.revoke_tokens', (CASE verdict WHEN 'revoked' THEN 'success' ELSE 'failure' END)::audit_outcome,
           $9::audit_actor_kind, $10, 'user', $7::text, NULL::uuid, $2::inet, $3, $4,
           $5 || jsonb_build_object('outcome', verdict, 'reason', $8), $6
    FROM verdict
    WHERE $1 IS NOT NULL
    -- Waits for the same call elsewhere; only the one that writes the event counts.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), written AS (
    UPDATE users t
    SET revocation_epoch = t.revocation_epoch + 1, tokens_revoked_before = $6, updated_at = $6
    FROM verdict v
    WHERE t.id = $7 AND v.verdict = 'revoked' AND ($1 IS NULL OR EXISTS (SELECT FROM logged))
)
SELECT CASE WHEN $1 IS NULL OR EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END
           AS verdict
FROM verdict
