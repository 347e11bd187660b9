-- Each verification takes a fraction of a second, so not of everybody.
SELECT id::text AS id, username, password_hash
  FROM users
 WHERE role IN ('admin', 'super_admin') AND erased_at IS NULL AND password_hash IS NOT NULL
 ORDER BY created_at, id
 LIMIT 20;
