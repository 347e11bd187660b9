-- $7 id, $8 user code, $9 user, $10 session, $11 approved or denied, $12 scopes
WITH code AS MATERIALIZED (
    -- Waits for whoever answers the same code, and then sees what they did.
    SELECT k.* FROM device_codes k WHERE k.id = $7 AND k.user_code = $8 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT k.client_id, coalesce($12, k.scopes) AS scopes, u.revocation_epoch AS user_epoch,
           -- What the person has proved by now is what the grant stands on, whatever else the session sees.
           s.auth_time, s.acr, s.amr, k.status = 'pending' AS is_first,
           CASE
               WHEN k.id IS NULL THEN 'unknown'
               -- This very call before, whose answer was lost; the device may have fetched its tokens meanwhile.
               WHEN k.answered_at = $6 AND k.user_id = $9 AND k.session_id = $10
                    AND (k.status = 'denied') = ($11 = 'denied') AND coalesce($12 = k.scopes, true) THEN $11
               WHEN k.expires_at <= $6 THEN 'expired'
               WHEN k.status <> 'pending' THEN 'answered'
               WHEN u.id IS NULL OR u.erased_at IS NOT NULL
                    OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN s.id IS NULL OR s.user_id <> u.id OR s.revoked_at IS NOT NULL OR s.expires_at <= $6
                    OR s.idle_expires_at <= $6 OR s.user_epoch <> u.revocation_epoch THEN 'session_ended'
               WHEN $11 = 'denied' THEN 'denied'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'urn:ietf:params:oauth:grant-type:device_code' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN k.client_epoch <> c.revocation_epoch THEN 'revoked'
               WHEN NOT $12 <@ k.scopes THEN 'scope_exceeded'
               WHEN NOT coalesce($12, k.scopes) <@ c.allowed_scopes THEN 'scope_not_allowed'
               ELSE 'approved'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN code k ON true
    LEFT JOIN LATERAL (SELECT * FROM clients c WHERE c.id = k.client_id OFFSET 0) c ON true
    LEFT JOIN users u ON u.id = $9
    LEFT JOIN sessions s ON s.id = $10
), written AS (
    UPDATE device_codes k
    SET status = v.verdict::device_code_status, user_id = $9, session_id = $10, answered_at = $6,
        user_epoch = v.user_epoch, scopes = CASE v.verdict WHEN 'approved' THEN v.scopes ELSE k.scopes END,
        auth_time = CASE v.verdict WHEN 'approved' THEN v.auth_time END,
        acr = CASE v.verdict WHEN 'approved' THEN v.acr END,
        amr = CASE v.verdict WHEN 'approved' THEN v.amr ELSE '{}' END
    FROM verdict v
    WHERE k.id = $7 AND v.verdict IN ('approved', 'denied') AND v.is_first
), answer AS (
    SELECT verdict FROM verdict
), event AS (
    SELECT CASE $11 WHEN 'denied' THEN 'device_code.deny' ELSE 'device_code.approve' END AS event,
           CASE WHEN verdict IN ('approved', 'denied') THEN 'success' ELSE 'failure' END AS outcome,
           'user' AS actor_kind, $9 AS actor_id, 'device_code' AS resource_kind, $7 AS resource_id, client_id,
           $10 AS session_id, jsonb_build_object('outcome', verdict) AS details
    FROM verdict
)
