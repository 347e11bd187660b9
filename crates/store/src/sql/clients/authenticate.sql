-- $7 client_id, $8 id in the secret, $9 blind, $10 blinded digest, $11 method
WITH verdict AS MATERIALIZED (
    SELECT c.id, c.previous_secret_expires_at, secret.is_current,
           CASE
               WHEN c.id IS NULL THEN 'unknown'
               WHEN c.id <> $8 OR NOT (secret.is_current OR secret.is_previous
                                       AND coalesce(c.previous_secret_expires_at > $6, false)) THEN 'wrong_secret'
               WHEN c.token_endpoint_auth_method::text <> $11 THEN 'wrong_method'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               ELSE 'authenticated'
           END AS verdict
    FROM (SELECT decode(repeat('00', 32), 'hex') AS octets) none
    LEFT JOIN clients c ON c.client_id = $7
    -- Both are compared whether or not there is a client and whichever fits, so that the time tells neither.
    CROSS JOIN LATERAL (
        SELECT sha256(coalesce(c.secret_digest, none.octets) || $9) = $10 AS is_current,
               sha256(coalesce(c.previous_secret_digest, none.octets) || $9) = $10 AS is_previous
        OFFSET 0
    ) secret
), answer AS (
    SELECT verdict, id, CASE WHEN NOT is_current THEN previous_secret_expires_at END AS secret_expires_at FROM verdict
), event AS (
    SELECT 'client.authenticate' AS event,
           CASE verdict WHEN 'authenticated' THEN 'success' ELSE 'failure' END AS outcome, 'client' AS actor_kind,
           -- Whoever failed has not proved to be that client.
           CASE verdict WHEN 'authenticated' THEN id END AS actor_id, 'client' AS resource_kind, id AS resource_id,
           id AS client_id, NULL::uuid AS session_id, jsonb_build_object('outcome', verdict, 'method', $11) AS details
    FROM verdict
)
