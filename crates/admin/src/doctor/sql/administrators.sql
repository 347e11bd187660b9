SELECT count(*) AS count
  FROM users
 WHERE role IN ('admin', 'super_admin') AND erased_at IS NULL AND (locked_at IS NULL OR locked_until <= now());
