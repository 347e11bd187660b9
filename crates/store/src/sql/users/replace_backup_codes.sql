-- $7 user, $8 digests of backup codes, $9 actor kind, $10 actor
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost: codes that were used since do not come back.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'user.replace_backup_codes' AND resource_id = $7::text
), person AS MATERIALIZED (
    SELECT u.id, u.erased_at, u.locked_at, u.locked_until, u.mfa_enabled_at
    FROM users u
    WHERE u.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT coalesce((SELECT verdict FROM earlier),
                    CASE
                        WHEN p.id IS NULL OR p.erased_at IS NOT NULL
                             OR p.locked_at IS NOT NULL AND p.locked_until IS NULL THEN 'user_inactive'
                        WHEN p.mfa_enabled_at IS NULL THEN 'not_enabled'
                        WHEN cardinality($8) > 32 THEN 'too_many_codes'
                        ELSE 'replaced'
                    END) AS verdict
    FROM (SELECT) AS one LEFT JOIN person p ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, ip_address, user_agent,
                            request_id, details, created_at)
    SELECT $1, 'user.replace_backup_codes',
           (CASE verdict WHEN 'replaced' THEN 'success' ELSE 'failure' END)::audit_outcome,
           $9::audit_actor_kind, $10, 'user', $7::text, $2::inet, $3, $4,
           $5 || jsonb_build_object('outcome', verdict), $6
    FROM verdict
    -- Waits for the same call elsewhere; only the one that writes the event replaces the codes.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), written AS (
    UPDATE users u SET backup_code_digests = $8, updated_at = $6
    FROM verdict v, logged
    WHERE u.id = $7 AND v.verdict = 'replaced'
)
SELECT CASE WHEN EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END AS verdict
FROM verdict
