-- Tables and views; a partition is listed with its table, by partitions.sql.
SELECT c.relname::text             AS name,
       c.relkind::text             AS kind,
       c.relpersistence = 'u'      AS unlogged,
       c.relrowsecurity            AS row_security,
       c.relforcerowsecurity       AS row_security_forced,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       ARRAY(
           SELECT option COLLATE "C"
             FROM (SELECT unnest(c.reloptions)
                   UNION ALL
                   SELECT 'toast.' || unnest(toast.reloptions)) AS options (option)
            ORDER BY 1
       )                           AS options,
       obj_description(c.oid, 'pg_class') AS comment
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid
 WHERE n.nspname = 'public'
   AND c.relkind IN ('r', 'p', 'v', 'm')
   AND NOT c.relispartition
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
   )
 ORDER BY c.relname;
