-- $1 now, $2 user
SELECT r.id, r.client_id AS client_row, c.client_id, c.name, c.logo_uri, c.client_uri, r.session_id, r.scopes,
       r.resources, r.authorization_details, r.issued_at, coalesce(r.rotated_at, r.issued_at) AS last_used_at,
       least(r.idle_expires_at, r.expires_at) AS expires_at
FROM refresh_tokens r
JOIN users u ON u.id = r.user_id
-- One probe of a primary key for each, however small the table is that the planner sees.
CROSS JOIN LATERAL (SELECT client_id, name, logo_uri, client_uri, disabled_at, revocation_epoch
                    FROM clients WHERE id = r.client_id OFFSET 0) c
LEFT JOIN LATERAL (SELECT id, revoked_at FROM sessions WHERE id = r.session_id OFFSET 0) s ON true
WHERE r.user_id = $2 AND r.revoked_at IS NULL AND r.idle_expires_at > $1 AND r.expires_at > $1
  AND r.user_epoch = u.revocation_epoch AND u.erased_at IS NULL AND (u.locked_at IS NULL OR u.locked_until IS NOT NULL)
  AND r.client_epoch = c.revocation_epoch AND c.disabled_at IS NULL
  AND (r.session_id IS NULL OR s.revoked_at IS NULL AND s.id IS NOT NULL)
ORDER BY last_used_at DESC, r.id DESC
