-- Before PostgreSQL 14, "on" was another name for md5.
SELECT CASE reset_val WHEN 'on' THEN 'md5' ELSE reset_val END AS method
  FROM pg_settings
 WHERE name = 'password_encryption';
