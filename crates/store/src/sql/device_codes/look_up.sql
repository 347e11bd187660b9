-- $7 user code, $8 user, $9 session
WITH code AS MATERIALIZED (
    SELECT k.* FROM device_codes k WHERE k.user_code = $7 AND k.status IN ('pending', 'approved') FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT k.id, k.client_id AS client_row, c.client_id, c.name, c.logo_uri, c.client_uri, c.policy_uri, c.tos_uri,
           k.scopes, k.resources, host(k.ip_address) AS ip_address, k.user_agent, k.issued_at, k.expires_at,
           k.attempts + 1 AS attempts,
           CASE
               WHEN k.id IS NULL THEN 'unknown'
               WHEN k.expires_at <= $6 THEN 'expired'
               WHEN k.status <> 'pending' THEN 'answered'
               WHEN c.disabled_at IS NOT NULL OR k.client_epoch <> c.revocation_epoch THEN 'client_disabled'
               WHEN k.attempts >= 10 THEN 'too_many_attempts'
               ELSE 'found'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN code k ON true
    LEFT JOIN LATERAL (SELECT * FROM clients c WHERE c.id = k.client_id OFFSET 0) c ON true
), counted AS (
    UPDATE device_codes k SET attempts = v.attempts FROM verdict v WHERE k.id = v.id AND v.verdict = 'found'
), answer AS (
    SELECT * FROM verdict
), event AS (
    SELECT 'device_code.look_up' AS event, CASE verdict WHEN 'found' THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $8 AS actor_id, CASE WHEN id IS NOT NULL THEN 'device_code' END AS resource_kind,
           id AS resource_id, client_row AS client_id, $9 AS session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'attempts', attempts)) AS details
    FROM verdict
)
