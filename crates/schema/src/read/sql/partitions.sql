SELECT root.relname::text                                    AS relation,
       CASE n.nspname
           WHEN 'public' THEN c.relname::text
           ELSE n.nspname || '.' || c.relname
       END COLLATE "C"                                       AS name,
       CASE WHEN parent.oid <> root.oid THEN parent.relname::text END AS parent,
       pg_get_expr(c.relpartbound, c.oid)                    AS bound,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS key,
       ARRAY(SELECT unnest(c.reloptions) COLLATE "C" ORDER BY 1) AS options
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_inherits AS i ON i.inhrelid = c.oid
  JOIN pg_class AS parent ON parent.oid = i.inhparent
  JOIN pg_class AS root ON root.oid = pg_partition_root(c.oid)
  JOIN pg_namespace AS root_schema ON root_schema.oid = root.relnamespace
 WHERE c.relispartition
   AND c.relkind IN ('r', 'p', 'f')
   AND root_schema.nspname = 'public'
 ORDER BY 1, 2;
