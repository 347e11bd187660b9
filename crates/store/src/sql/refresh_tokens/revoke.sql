-- $7 family, $8 blind, $9 blinded lineage digest, $10 client, $11 reason
WITH family AS MATERIALIZED (
    -- Any token that was ever one of the family proves enough: whoever holds it may end it.
    SELECT r.id, r.client_id, r.user_id, r.session_id, r.revoked_at, r.revocation_reason
    FROM refresh_tokens r
    WHERE r.id = $7 AND sha256(r.lineage_digest || $8) = $9
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT f.user_id, f.session_id,
           CASE
               WHEN f.id IS NULL THEN 'unknown'
               WHEN f.client_id <> $10 THEN 'wrong_client'
               -- Not by this very call before.
               WHEN f.revoked_at <> $6 OR f.revocation_reason <> $11::revocation_reason THEN 'already'
               ELSE 'revoked'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN family f ON true
), written AS (
    UPDATE refresh_tokens r
    SET revoked_at = $6, revocation_reason = $11::revocation_reason, sealed_successor = NULL
    FROM verdict v
    WHERE r.id = $7 AND v.verdict = 'revoked'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'refresh_token.revoke' AS event,
           CASE WHEN verdict IN ('revoked', 'already') THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $10 AS actor_id, 'refresh_token' AS resource_kind, $7 AS resource_id,
           $10 AS client_id, session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id)) AS details
    FROM verdict
)
