-- $1 now, $2 family
SELECT r.digest, c.client_id, u.username, r.user_id, r.client_id AS client_row, r.session_id, r.scopes, r.resources,
       r.authorization_details, r.dpop_jkt, r.x5t_s256, r.issued_at, r.auth_time, r.acr,
       least(r.idle_expires_at, r.expires_at) AS expires_at,
       CASE
           WHEN r.revoked_at IS NOT NULL THEN 'revoked'
           WHEN r.expires_at <= $1 OR r.idle_expires_at <= $1 THEN 'expired'
           WHEN c.disabled_at IS NOT NULL OR r.client_epoch <> c.revocation_epoch THEN 'client'
           WHEN u.erased_at IS NOT NULL OR u.locked_at IS NOT NULL AND u.locked_until IS NULL
                OR r.user_epoch <> u.revocation_epoch THEN 'user'
           WHEN r.session_id IS NOT NULL AND (s.id IS NULL OR s.revoked_at IS NOT NULL) THEN 'session'
           ELSE 'active'
       END AS state
FROM refresh_tokens r
LEFT JOIN LATERAL (SELECT client_id, disabled_at, revocation_epoch
                   FROM clients WHERE id = r.client_id OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT username, erased_at, locked_at, locked_until, revocation_epoch
                   FROM users WHERE id = r.user_id OFFSET 0) u ON true
LEFT JOIN LATERAL (SELECT id, revoked_at
                   FROM sessions WHERE id = r.session_id OFFSET 0) s ON true
WHERE r.id = $2
