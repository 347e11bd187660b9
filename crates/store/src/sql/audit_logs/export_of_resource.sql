-- $1 first id, $2 the id after the last one, $3 how many at most, $4 outcome, $5 actor, $6 event, $7 what its name begins with,
-- $8 resource kind, $9 resource
-- The first id as part of a row: PostgreSQL takes a range between two unknown ids for a few of them, and would read
-- them all by the primary key.
SELECT l.id, l.event, l.outcome::text AS outcome, l.actor_kind::text AS actor_kind, l.actor_id, l.resource_kind,
       l.resource_id, l.client_id, l.session_id, host(l.ip_address) AS ip_address, l.user_agent,
       l.request_id, l.details, l.created_at
FROM audit_logs l
WHERE l.resource_kind = $8 AND l.resource_id = $9 AND ($4 IS NULL OR l.outcome = $4::audit_outcome)
  AND ($5 IS NULL OR l.actor_id = $5) AND ($6 IS NULL OR l.event = $6) AND ($7 IS NULL OR starts_with(l.event, $7))
  AND (l.resource_kind, l.resource_id, l.id) >= ($8, $9, $1) AND l.id < $2
ORDER BY l.id
LIMIT $3
