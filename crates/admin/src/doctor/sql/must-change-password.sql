SELECT count(*) AS count
  FROM users
 WHERE role IN ('admin', 'super_admin') AND erased_at IS NULL AND must_change_password;
