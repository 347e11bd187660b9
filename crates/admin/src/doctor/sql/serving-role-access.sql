SELECT has_database_privilege(oid, current_database(), 'CONNECT')                 AS connects,
       coalesce(has_schema_privilege(oid, to_regnamespace('public'), 'USAGE'), false) AS uses
  FROM pg_roles
 WHERE rolname = current_setting('authority.serving_role');
