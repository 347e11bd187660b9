-- $7 id, $8 digest, $9 user code, $10 client, $11 scopes, $12 resources, $13 interval, $14 address, $15 agent
WITH verdict AS MATERIALIZED (
    SELECT c.revocation_epoch AS client_epoch,
           $6 + greatest(least(coalesce(c.device_code_ttl,
                               (SELECT (value #>> '{}')::bigint FROM settings
                                WHERE key = 'tokens.device_code_ttl' AND value_type = 'integer'),
                               300), 3600), 1) * interval '1 second' AS expires_at,
           CASE
               WHEN c.id IS NULL THEN 'unknown_client'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'urn:ietf:params:oauth:grant-type:device_code' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN NOT $11 <@ c.allowed_scopes THEN 'scope_not_allowed'
               WHEN NOT is_uri_list($12) THEN 'bad_target'
               ELSE 'issued'
           END AS verdict
    FROM (SELECT) AS one LEFT JOIN clients c ON c.id = $10
), released AS (
    -- A code whose time is over holds its user code no longer than until somebody else has use for it.
    UPDATE device_codes k
    SET status = 'denied', answered_at = coalesce(k.answered_at, k.expires_at)
    FROM verdict v
    WHERE v.verdict = 'issued' AND k.user_code = $9 AND k.status IN ('pending', 'approved') AND k.expires_at <= $6
    RETURNING k.id
), issued AS (
    INSERT INTO device_codes (id, digest, user_code, client_id, scopes, resources, poll_interval, ip_address,
                              user_agent, issued_at, expires_at, client_epoch)
    SELECT $7, $8, $9, $10, $11, $12, $13, $14::inet, $15, $6, expires_at, client_epoch
    -- Counted, so that it is released before it is taken.
    FROM verdict, (SELECT count(*) FROM released) AS before
    WHERE verdict = 'issued'
    ON CONFLICT DO NOTHING
    RETURNING id
), answer AS (
    SELECT CASE
               WHEN verdict <> 'issued' OR EXISTS (SELECT FROM issued) THEN verdict
               -- This very call before, whose answer was lost.
               WHEN EXISTS (SELECT FROM device_codes k WHERE k.id = $7) THEN 'issued'
               ELSE 'user_code_taken'
           END AS verdict, expires_at
    FROM verdict
), event AS (
    SELECT 'device_code.issue' AS event, CASE verdict WHEN 'issued' THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $10 AS actor_id, 'device_code' AS resource_kind, $7 AS resource_id,
           $10 AS client_id, NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM answer
)
