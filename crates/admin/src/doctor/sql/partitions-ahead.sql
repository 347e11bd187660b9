SELECT parent.relname::text                AS relation,
       pg_get_expr(c.relpartbound, c.oid)  AS bound,
       CASE parent.relname
           WHEN 'access_tokens' THEN (SELECT id::text FROM access_tokens_default ORDER BY id DESC LIMIT 1)
           WHEN 'audit_logs' THEN (SELECT id::text FROM audit_logs_default ORDER BY id DESC LIMIT 1)
           WHEN 'authorization_codes' THEN (SELECT id::text FROM authorization_codes_default ORDER BY id DESC LIMIT 1)
       END                                 AS newest_in_default
  FROM pg_inherits AS i
  JOIN pg_class AS c ON c.oid = i.inhrelid
  JOIN pg_class AS parent ON parent.oid = i.inhparent
 WHERE parent.relnamespace = to_regnamespace('public')
   AND parent.relkind = 'p'
 ORDER BY 1, c.relname;
