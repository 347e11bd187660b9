-- The first line that applies, where it asks for the password that the role does not have.
SELECT first.line, first.rule
  FROM (SELECT line, method, rule FROM rules WHERE matches LIMIT 1) AS first
  JOIN pg_authid AS serving ON serving.rolname = current_setting('authority.serving_role')
 WHERE first.method IN ('scram-sha-256', 'md5', 'password')
   AND serving.rolpassword IS NULL;
