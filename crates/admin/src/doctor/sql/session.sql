SELECT current_user::text                            AS role,
       me.rolsuper                                   AS superuser,
       pg_has_role('pg_read_all_stats', 'USAGE')     AS sees_sessions,
       pg_get_userbyid(d.datdba)::text               AS owner,
       EXISTS (
           SELECT FROM pg_roles WHERE rolname = current_setting('authority.serving_role')
       )                                             AS serving_role_exists,
       current_setting('server_version')             AS version,
       extract(epoch FROM now())::bigint             AS now
  FROM pg_database AS d
  JOIN pg_roles AS me ON me.rolname = current_user
 WHERE d.datname = current_database();
