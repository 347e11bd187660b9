-- $7 id, $8 username, $9 email, $10 whether it is verified, $11 password hash, $12 must change it, $13 given name,
-- $14 family name, $15 claims, $16 role, $17 actor kind, $18 actor
WITH verdict AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM users WHERE id = $7) AS is_done,
           CASE
               -- This very call before, whose answer was lost.
               WHEN EXISTS (SELECT FROM users WHERE id = $7) THEN 'created'
               WHEN lower($8) LIKE 'erased-%' OR lower($9) LIKE '%@erased.invalid' THEN 'reserved'
               WHEN EXISTS (SELECT FROM users WHERE lower(username) = lower($8)) THEN 'username_taken'
               WHEN EXISTS (SELECT FROM users WHERE lower(email) = lower($9)) THEN 'email_taken'
               ELSE 'created'
           END AS verdict
), created AS (
    INSERT INTO users (id, username, email, email_verified_at, password_hash, password_changed_at, must_change_password,
                       given_name, family_name, claims, role, created_at, updated_at)
    SELECT $7, $8, $9, CASE WHEN $10 THEN $6 END, $11, CASE WHEN $11 IS NOT NULL THEN $6 END, $12, $13, $14, $15,
           $16::user_role, $6, $6
    FROM verdict
    WHERE verdict = 'created' AND NOT is_done
    ON CONFLICT DO NOTHING
    RETURNING id
), answer AS MATERIALIZED (
    SELECT CASE
               -- Somebody has taken a name after this statement began, so it cannot see which.
               WHEN verdict = 'created' AND NOT is_done AND NOT EXISTS (SELECT FROM created) THEN 'again'
               ELSE verdict
           END AS verdict
    FROM verdict
), event AS (
    SELECT 'user.create' AS event, CASE verdict WHEN 'created' THEN 'success' ELSE 'failure' END AS outcome,
           $17 AS actor_kind, $18 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict, 'role', $16) AS details
    FROM answer
    WHERE verdict <> 'again'
)
