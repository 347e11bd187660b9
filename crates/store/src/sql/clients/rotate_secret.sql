-- $7 client, $8 digest of the new secret, $9 when the old one ends, $10 actor kind, $11 actor
WITH client AS MATERIALIZED (
    SELECT c.id, c.secret_digest, c.previous_secret_digest, c.client_type, c.token_endpoint_auth_method,
           c.tls_client_auth_subject_dn
    FROM clients c
    WHERE c.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT c.secret_digest, c.client_type, c.token_endpoint_auth_method, c.tls_client_auth_subject_dn,
           -- This very call before, whose answer was lost; it may have been followed by another rotation.
           coalesce(c.secret_digest = $8, false) OR coalesce(c.previous_secret_digest = $8, false) AS is_done,
           CASE WHEN c.id IS NULL THEN 'unknown' WHEN c.secret_digest IS NULL THEN 'no_secret' ELSE 'rotated' END AS verdict
    FROM (SELECT) AS one LEFT JOIN client c ON true
), written AS (
    UPDATE clients c
    SET secret_digest = $8,
        previous_secret_digest = CASE WHEN $9 > $6 THEN v.secret_digest END,
        previous_secret_expires_at = CASE WHEN $9 > $6 THEN $9 END,
        updated_at = $6,
        -- As they are. Of a row that was changed while this waited, PostgreSQL checks the old version first, with what is
        -- set here (see ARCHITECTURE.md).
        client_type = v.client_type,
        token_endpoint_auth_method = v.token_endpoint_auth_method,
        tls_client_auth_subject_dn = v.tls_client_auth_subject_dn
    FROM verdict v
    WHERE c.id = $7 AND v.verdict = 'rotated' AND NOT v.is_done
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT 'client.rotate_secret' AS event, CASE verdict WHEN 'rotated' THEN 'success' ELSE 'failure' END AS outcome,
           $10 AS actor_kind, $11 AS actor_id, 'client' AS resource_kind, $7 AS resource_id, $7 AS client_id,
           NULL::uuid AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
