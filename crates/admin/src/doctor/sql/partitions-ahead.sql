SELECT parent.relname::text                AS relation,
       pg_get_expr(c.relpartbound, c.oid)  AS bound
  FROM pg_inherits AS i
  JOIN pg_class AS c ON c.oid = i.inhrelid
  JOIN pg_class AS parent ON parent.oid = i.inhparent
 WHERE parent.relnamespace = to_regnamespace('public')
   AND parent.relkind = 'p'
 ORDER BY 1, c.relname;
