-- $7 client, $8 actor kind, $9 actor
WITH client AS MATERIALIZED (
    SELECT c.id, c.disabled_at FROM clients c WHERE c.id = $7 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT CASE WHEN c.id IS NULL THEN 'unknown' WHEN c.disabled_at IS NULL THEN 'already' ELSE 'done' END AS verdict
    FROM (SELECT) AS one LEFT JOIN client c ON true
), written AS (
    UPDATE clients c SET disabled_at = NULL, updated_at = $6
    FROM verdict v
    WHERE c.id = $7 AND v.verdict = 'done'
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'client.enable' AS event, CASE verdict WHEN 'unknown' THEN 'failure' ELSE 'success' END AS outcome,
           $8 AS actor_kind, $9 AS actor_id, 'client' AS resource_kind, $7 AS resource_id, $7 AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
