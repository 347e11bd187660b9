-- What the role can do by whatever way. Owners and superusers can do everything; those are other checks'.
SELECT c.relname::text AS relation,
       ARRAY(
           SELECT privilege
             FROM unnest('{DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE}'::text[]) AS privilege
            WHERE has_table_privilege(serving.oid, c.oid, privilege)
            ORDER BY privilege
       )               AS privileges
  FROM pg_class AS c
  JOIN pg_roles AS serving ON serving.rolname = current_setting('authority.serving_role')
 WHERE c.relnamespace = to_regnamespace('public')
   AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition
   AND NOT serving.rolsuper
   AND NOT pg_has_role(serving.oid, c.relowner, 'USAGE')
 ORDER BY c.relname;
