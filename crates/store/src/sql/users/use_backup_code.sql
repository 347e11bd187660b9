-- $7 user, $8 blind, $9 blinded digest
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost.
    SELECT details ->> 'outcome' AS verdict FROM audit_logs WHERE id = $1
), person AS MATERIALIZED (
    -- Waits for whoever uses the same code, and then does not find it any more.
    SELECT u.id, cardinality(u.backup_code_digests) - 1 AS remaining
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL AND u.mfa_enabled_at IS NOT NULL
      AND EXISTS (SELECT FROM unnest(u.backup_code_digests) AS digest WHERE sha256(digest || $8) = $9)
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT coalesce((SELECT verdict FROM earlier), CASE WHEN p.id IS NULL THEN 'unknown' ELSE 'used' END) AS verdict,
           p.remaining
    FROM (SELECT) AS one LEFT JOIN person p ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, ip_address, user_agent,
                            request_id, details, created_at)
    SELECT $1, 'user.use_backup_code', (CASE verdict WHEN 'used' THEN 'success' ELSE 'failure' END)::audit_outcome,
           'user', CASE verdict WHEN 'used' THEN $7 END, 'user', $7::text, $2::inet, $3, $4,
           $5 || jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'remaining', remaining)), $6
    FROM verdict
    -- Waits for the same call elsewhere; only the one that writes the event uses the code.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), written AS (
    UPDATE users u
    SET backup_code_digests = ARRAY(
        SELECT digest FROM unnest(u.backup_code_digests) AS digest WHERE sha256(digest || $8) <> $9)
    FROM verdict v, logged
    WHERE u.id = $7 AND v.verdict = 'used'
)
SELECT CASE WHEN EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END AS verdict
FROM verdict
