-- $7 user, $8 email
WITH person AS MATERIALIZED (
    SELECT u.id, u.email, u.email_verified_at FROM users u WHERE u.id = $7 AND u.erased_at IS NULL FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT u.email_verified_at,
           CASE
               WHEN u.id IS NULL THEN 'user_inactive'
               WHEN lower(u.email) <> lower($8) THEN 'email_changed'
               ELSE 'verified'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN person u ON true
), written AS (
    UPDATE users u SET email_verified_at = $6, updated_at = $6
    FROM verdict v
    WHERE u.id = $7 AND v.verdict = 'verified' AND v.email_verified_at IS NULL
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'user.verify_email' AS event, CASE verdict WHEN 'verified' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $7 AS actor_id, 'user' AS resource_kind, $7 AS resource_id, NULL::uuid AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
