-- A superuser is a member of every role; that is another check's.
SELECT owner.rolname::text AS owner, count(*) AS objects
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_roles AS owner ON owner.oid = c.relowner
  JOIN pg_roles AS serving ON serving.rolname = current_setting('authority.serving_role')
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
   AND n.nspname NOT LIKE 'pg%' AND n.nspname <> 'information_schema'
   AND NOT serving.rolsuper
   AND pg_has_role(serving.oid, owner.oid, 'MEMBER')
 GROUP BY owner.rolname
 ORDER BY owner.rolname;
