-- The table and its partitions, which can be written to directly as well; columns count like tables.
SELECT relation, owner, through, privileges
  FROM (
      SELECT c.relname::text                     AS relation,
             pg_get_userbyid(c.relowner)::text   AS owner,
             CASE
                 WHEN serving.rolsuper THEN 'superuser'
                 WHEN pg_has_role(serving.oid, c.relowner, 'USAGE') THEN 'owner'
                 ELSE 'grant'
             END                                 AS through,
             ARRAY(
                 SELECT privilege
                   FROM unnest('{DELETE,TRUNCATE,UPDATE}'::text[]) AS privilege
                  WHERE has_table_privilege(serving.oid, c.oid, privilege)
                     OR (privilege = 'UPDATE' AND has_any_column_privilege(serving.oid, c.oid, 'UPDATE'))
                  ORDER BY privilege
             )                                   AS privileges
        FROM pg_partition_tree(to_regclass('public.audit_logs')) AS tree
        JOIN pg_class AS c ON c.oid = tree.relid
        JOIN pg_roles AS serving ON serving.rolname = current_setting('authority.serving_role')
  ) AS found
 WHERE cardinality(privileges) > 0
 ORDER BY relation;
