-- $1 ids, $2 the smallest of them, $3 the largest: by these the server sees, before it prepares to read any, which
-- partitions it needs; the list alone does not tell it. Whether the time of a token is over depends on who asks, and
-- those who ask together share this answer.
SELECT t.id, t.digest, c.client_id, u.username, t.user_id, t.client_id AS client_row, t.session_id, t.scopes,
       t.audience, t.resources, t.authorization_details, t.dpop_jkt, t.x5t_s256, t.actor, t.issued_at, t.expires_at,
       -- Of the authentication that it was granted by. The session may have seen a later one, which lends it nothing.
       CASE WHEN f.id IS NOT NULL THEN f.auth_time ELSE t.auth_time END AS auth_time,
       CASE WHEN f.id IS NOT NULL THEN f.acr ELSE t.acr END AS acr,
       CASE
           WHEN t.revoked_at IS NOT NULL THEN 'revoked'
           WHEN c.id IS NULL OR c.disabled_at IS NOT NULL OR t.client_epoch <> c.revocation_epoch THEN 'client'
           -- A lock that ends by itself keeps guesses at a password away; who is signed in already stays so.
           WHEN t.user_id IS NOT NULL AND (u.id IS NULL OR u.erased_at IS NOT NULL
                OR u.locked_at IS NOT NULL AND u.locked_until IS NULL OR t.user_epoch <> u.revocation_epoch) THEN 'user'
           WHEN t.session_id IS NOT NULL AND (s.id IS NULL OR s.revoked_at IS NOT NULL) THEN 'session'
           WHEN t.refresh_token_id IS NOT NULL AND (f.id IS NULL OR f.revoked_at IS NOT NULL) THEN 'family'
           ELSE 'active'
       END AS state
-- By the last line, which is always true, the planner expects a single token, and so it puts no cache before the probes
-- (Memoize), which costs more than it saves: few tokens of a batch have a user, session or family in common.
FROM (SELECT * FROM access_tokens WHERE id = ANY ($1) AND id BETWEEN $2 AND $3 OFFSET 0) t
-- Each of these is one probe of a primary key for each token, however small the table is that the planner sees.
LEFT JOIN LATERAL (SELECT id, client_id, disabled_at, revocation_epoch
                   FROM clients WHERE id = t.client_id OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT id, username, erased_at, locked_at, locked_until, revocation_epoch
                   FROM users WHERE id = t.user_id OFFSET 0) u ON true
LEFT JOIN LATERAL (SELECT id, revoked_at
                   FROM sessions WHERE id = t.session_id OFFSET 0) s ON true
LEFT JOIN LATERAL (SELECT id, revoked_at, auth_time, acr
                   FROM refresh_tokens WHERE id = t.refresh_token_id OFFSET 0) f ON true
WHERE num_nulls(t.id) = 0
