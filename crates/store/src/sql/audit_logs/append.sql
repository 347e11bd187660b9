-- $7 event, $8 outcome, $9 actor kind, $10 actor, $11 resource kind, $12 resource, $13 client, $14 session
WITH answer AS (
    SELECT true AS written
), event AS (
    SELECT $7 AS event, $8 AS outcome, $9 AS actor_kind, $10 AS actor_id, $11 AS resource_kind, $12 AS resource_id,
           $13 AS client_id, $14 AS session_id, '{}'::jsonb AS details
)
