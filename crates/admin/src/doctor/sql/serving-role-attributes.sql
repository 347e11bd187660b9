SELECT ARRAY(
           SELECT power
             FROM (VALUES ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
                          ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) AS powers (power, has)
            WHERE has
       ) AS powers
  FROM pg_roles
 WHERE rolname = current_setting('authority.serving_role');
