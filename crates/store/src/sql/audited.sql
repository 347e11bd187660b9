, logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, client_id,
                            session_id, ip_address, user_agent, request_id, details, created_at)
    SELECT $1, event, outcome::audit_outcome, actor_kind::audit_actor_kind, actor_id, resource_kind,
           resource_id::text, client_id, session_id, $2::inet, $3, $4, $5 || details, $6
    FROM event
    WHERE $1 IS NOT NULL
    -- The same call again, whose answer was lost, writes nothing twice.
    ON CONFLICT (id) DO NOTHING
)
SELECT * FROM answer
