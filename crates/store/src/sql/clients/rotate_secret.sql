-- $7 client, $8 digest of the new secret, $9 when the old one ends, $10 actor kind, $11 actor
WITH earlier AS MATERIALIZED (
    -- This very call before, whose answer was lost; it may have been followed by other rotations.
    SELECT details ->> 'outcome' AS verdict
    FROM audit_logs
    WHERE id = $1 AND event = 'client.rotate_secret' AND resource_id = $7::text
), client AS MATERIALIZED (
    SELECT c.id, c.secret_digest, c.previous_secret_digest, c.client_type, c.token_endpoint_auth_method,
           c.tls_client_auth_subject_dn
    FROM clients c
    WHERE c.id = $7
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT c.secret_digest, c.client_type, c.token_endpoint_auth_method, c.tls_client_auth_subject_dn,
           -- The same, as far as the row tells.
           coalesce(c.secret_digest = $8, false) OR coalesce(c.previous_secret_digest = $8, false) AS is_done,
           coalesce((SELECT verdict FROM earlier),
                    CASE WHEN c.id IS NULL THEN 'unknown' WHEN c.secret_digest IS NULL THEN 'no_secret' ELSE 'rotated' END)
               AS verdict
    FROM (SELECT) AS one LEFT JOIN client c ON true
), logged AS (
    INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, client_id, ip_address,
                            user_agent, request_id, details, created_at)
    SELECT $1, 'client.rotate_secret', (CASE verdict WHEN 'rotated' THEN 'success' ELSE 'failure' END)::audit_outcome,
           $10::audit_actor_kind, $11, 'client', $7::text, $7, $2::inet, $3, $4,
           $5 || jsonb_build_object('outcome', verdict), $6
    FROM verdict
    WHERE $1 IS NOT NULL
    -- Waits for the same call elsewhere; only the one that writes the event rotates.
    ON CONFLICT (id) DO NOTHING
    RETURNING id
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
      AND ($1 IS NULL OR EXISTS (SELECT FROM logged))
)
SELECT CASE WHEN $1 IS NULL OR EXISTS (SELECT FROM earlier) OR EXISTS (SELECT FROM logged) THEN verdict ELSE 'again' END
           AS verdict
FROM verdict
