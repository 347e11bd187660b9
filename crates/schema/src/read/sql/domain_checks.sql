SELECT t.typname::text                            AS domain,
       con.conname::text                          AS name,
       pg_get_expr(con.conbin, 0)                 AS expression,
       con.convalidated                           AS validated,
       obj_description(con.oid, 'pg_constraint')  AS comment
  FROM pg_constraint AS con
  JOIN pg_type AS t ON t.oid = con.contypid
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
 WHERE n.nspname = 'public'
   AND con.contype = 'c'
 ORDER BY t.typname, con.conname;
