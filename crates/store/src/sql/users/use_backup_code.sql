-- $7 user, $8 blind, $9 blinded digest
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'user.use_backup_code' AND resource_id = $7::text
), holder AS MATERIALIZED (
    -- Waits for whoever uses the same code, and then does not find it any more.
    SELECT u.id, u.erased_at, u.locked_at, u.locked_until, cardinality(u.backup_code_digests) - 1 AS remaining
    FROM users u
    WHERE u.id = $7 AND u.erased_at IS NULL AND u.mfa_enabled_at IS NOT NULL
      AND EXISTS (SELECT FROM unnest(u.backup_code_digests) AS digest WHERE sha256(digest || $8) = $9)
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT coalesce((SELECT verdict FROM earlier),
                    CASE
                        WHEN p.id IS NULL OR p.erased_at IS NOT NULL
                             OR p.locked_at IS NOT NULL AND p.locked_until IS NULL THEN 'user_inactive'
                        -- Whoever guesses shall not go on guessing here, nor learn which guess was right.
                        WHEN p.locked_until > $6 THEN 'user_locked'
                        WHEN p.remaining IS NULL THEN 'unknown'
                        ELSE 'used'
                    END) AS verdict,
           p.remaining
    FROM (SELECT) AS one
    LEFT JOIN (
        SELECT * FROM holder
        UNION ALL
        -- A wrong code waits for nobody.
        SELECT u.id, u.erased_at, u.locked_at, u.locked_until, NULL
        FROM users u
        WHERE u.id = $7 AND NOT EXISTS (SELECT FROM holder)
    ) p ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, ip_address, user_agent,
                            request_id, details, created_at)
    SELECT $1, 'user.use_backup_code', (CASE verdict WHEN 'used' THEN 'success' ELSE 'failure' END)::audit_outcome,
           'user', CASE verdict WHEN 'used' THEN $7 END, 'user', $7::text, $2::inet, $3, $4,
           $5 || jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'remaining',
                                                      CASE verdict WHEN 'used' THEN remaining END)), $6
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
