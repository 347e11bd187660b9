-- $7 user, $8 time step
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'user.accept_totp_step' AND resource_id = $7::text AND details ->> 'step' = $8::text
), person AS MATERIALIZED (
    -- Waits for whoever presents a code of the same person, and then sees what they did.
    SELECT u.id, u.erased_at, u.locked_at, u.locked_until, u.mfa_enabled_at, u.mfa_last_step
    FROM users u
    WHERE u.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT coalesce((SELECT verdict FROM earlier),
                    CASE
                        WHEN p.id IS NULL OR p.erased_at IS NOT NULL
                             OR p.locked_at IS NOT NULL AND p.locked_until IS NULL THEN 'user_inactive'
                        -- Whoever guesses shall not go on guessing here.
                        WHEN p.locked_until > $6 THEN 'user_locked'
                        WHEN p.mfa_enabled_at IS NULL THEN 'not_enabled'
                        WHEN $8 <= p.mfa_last_step THEN 'already_used'
                        ELSE 'accepted'
                    END) AS verdict
    FROM (SELECT) AS one LEFT JOIN person p ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, ip_address, user_agent,
                            request_id, details, created_at)
    SELECT $1, 'user.accept_totp_step', (CASE verdict WHEN 'accepted' THEN 'success' ELSE 'failure' END)::audit_outcome,
           'user', CASE verdict WHEN 'accepted' THEN $7 END, 'user', $7::text, $2::inet, $3, $4,
           $5 || jsonb_build_object('outcome', verdict, 'step', $8), $6
    FROM verdict
    -- Waits for the same call elsewhere; only the one that writes the event uses the step.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), written AS (
    UPDATE users u
    SET mfa_last_step = $8
    FROM verdict v, logged
    WHERE u.id = $7 AND v.verdict = 'accepted'
)
SELECT CASE WHEN EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END AS verdict
FROM verdict
