-- $1 now, $2 user
SELECT s.id, s.sid, s.auth_time, s.acr, s.amr, host(s.ip_address) AS address, s.user_agent, s.device, s.created_at,
       s.last_active_at, s.expires_at
FROM sessions s
JOIN users u ON u.id = s.user_id
WHERE s.user_id = $2 AND s.revoked_at IS NULL AND s.idle_expires_at > $1 AND s.expires_at > $1
  AND s.user_epoch = u.revocation_epoch AND u.erased_at IS NULL AND (u.locked_at IS NULL OR u.locked_until IS NOT NULL)
ORDER BY s.last_active_at DESC, s.id DESC
