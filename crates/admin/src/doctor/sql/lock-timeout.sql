-- What a new session of the serving role gets: its own setting, in this database before elsewhere, then the
-- database's, then the server's. This session stands in for it where there is no such role.
SELECT bool_and(coalesce(
           (
               SELECT split_part(option, '=', 2)
                 FROM pg_db_role_setting AS s
                CROSS JOIN unnest(s.setconfig) AS option
                WHERE split_part(option, '=', 1) = p.name
                  AND s.setrole IN (
                      0, (SELECT oid FROM pg_roles WHERE rolname = current_setting('authority.serving_role'))
                  )
                  AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                ORDER BY s.setrole = 0, s.setdatabase = 0
                LIMIT 1
           ),
           p.reset_val
       ) ~ '^0[a-z]*$') AS unlimited
  FROM pg_settings AS p
 WHERE p.name IN ('lock_timeout', 'statement_timeout');
