-- -1 is no limit; a superuser is not bound by the limit of its role or of the database.
SELECT least(server.usable, nullif(of_role, -1), nullif(of_database, -1)) AS limit,
       server.usable                                                     AS of_server,
       server.reserved                                                   AS reserved
  FROM (
      SELECT current_setting('max_connections')::bigint - reserved AS usable, reserved
        FROM (
            SELECT current_setting('superuser_reserved_connections')::bigint
                       + coalesce(current_setting('reserved_connections', true), '0')::bigint AS reserved
        ) AS settings
  ) AS server
 CROSS JOIN (
     SELECT CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END::bigint AS of_role, rolsuper
       FROM pg_roles WHERE rolname = current_user
 ) AS role
 CROSS JOIN LATERAL (
     SELECT CASE WHEN role.rolsuper THEN -1 ELSE datconnlimit END::bigint AS of_database
       FROM pg_database WHERE datname = current_database()
 ) AS database;
