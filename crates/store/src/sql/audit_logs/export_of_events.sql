-- $1 first id, $2 the id after the last one, $3 how many at most, $4 outcome, $5 what the name of the event begins with
-- The first id as part of a row: PostgreSQL takes a range between two unknown ids for a few of them, and would read
-- them all by the primary key.
WITH RECURSIVE names (event) AS (
    -- Every name of an event, each found by a probe of the index and not by reading its events. Names that begin alike
    -- are no range of the index: that depends on the collation of the database.
    (SELECT l.event FROM audit_logs l ORDER BY l.event LIMIT 1)
    UNION ALL
    SELECT (SELECT l.event FROM audit_logs l WHERE l.event > n.event ORDER BY l.event LIMIT 1)
    FROM names n
    WHERE n.event IS NOT NULL
)
SELECT e.*
FROM names n
CROSS JOIN LATERAL (
    SELECT l.id, l.event, l.outcome::text AS outcome, l.actor_kind::text AS actor_kind, l.actor_id, l.resource_kind,
           l.resource_id, l.client_id, l.session_id, host(l.ip_address) AS ip_address, l.user_agent,
           l.request_id, l.details, l.created_at
    FROM audit_logs l
    WHERE l.event = n.event AND ($4 IS NULL OR l.outcome = $4::audit_outcome)
      AND (l.event, l.id) >= (n.event, $1) AND l.id < $2
    ORDER BY l.id
    LIMIT $3
) e
WHERE starts_with(n.event, $5)
ORDER BY e.id
LIMIT $3
