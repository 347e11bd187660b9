-- $7 id, $8 blind, $9 blinded digest or none for a JWT, $10 client, $11 reason
WITH token AS MATERIALIZED (
    SELECT t.id, t.client_id, t.user_id, t.session_id, t.revoked_at, t.revocation_reason
    FROM access_tokens t
    WHERE t.id = $7 AND CASE WHEN $9 IS NULL THEN t.digest IS NULL ELSE sha256(t.digest || $8) = $9 END
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT t.user_id, t.session_id,
           CASE
               WHEN t.id IS NULL THEN 'unknown'
               WHEN t.client_id <> $10 THEN 'wrong_client'
               -- Not by this very call before.
               WHEN t.revoked_at <> $6 OR t.revocation_reason <> $11::revocation_reason THEN 'already'
               ELSE 'revoked'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN token t ON true
), written AS (
    UPDATE access_tokens t
    SET revoked_at = $6, revocation_reason = $11::revocation_reason
    FROM verdict v
    WHERE t.id = $7 AND v.verdict = 'revoked'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'access_token.revoke' AS event,
           CASE WHEN verdict IN ('revoked', 'already') THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $10 AS actor_id, 'access_token' AS resource_kind, $7 AS resource_id,
           $10 AS client_id, session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id)) AS details
    FROM verdict
)
