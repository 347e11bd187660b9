-- $1 first id, $2 the id after the last one, $3 how many at most, $4 outcome
SELECT l.id, l.event, l.outcome::text AS outcome, l.actor_kind::text AS actor_kind, l.actor_id, l.resource_kind,
       l.resource_id, l.client_id, l.session_id, host(l.ip_address) AS ip_address, l.user_agent,
       l.request_id, l.details, l.created_at
FROM audit_logs l
WHERE ($4 IS NULL OR l.outcome = $4::audit_outcome) AND l.id >= $1 AND l.id < $2
ORDER BY l.id DESC
LIMIT $3
