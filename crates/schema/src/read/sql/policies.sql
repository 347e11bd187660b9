SELECT c.relname::text                              AS relation,
       p.polname::text                              AS name,
       p.polpermissive                              AS permissive,
       CASE p.polcmd
           WHEN 'r' THEN 'SELECT'
           WHEN 'a' THEN 'INSERT'
           WHEN 'w' THEN 'UPDATE'
           WHEN 'd' THEN 'DELETE'
           ELSE 'ALL'
       END                                          AS command,
       ARRAY(
           SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role)::text END COLLATE "C"
             FROM unnest(p.polroles) AS role
            ORDER BY 1
       )                                            AS roles,
       pg_get_expr(p.polqual, p.polrelid)           AS using_expression,
       pg_get_expr(p.polwithcheck, p.polrelid)      AS with_check,
       obj_description(p.oid, 'pg_policy')          AS comment
  FROM pg_policy AS p
  JOIN pg_class AS c ON c.oid = p.polrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public'
 ORDER BY c.relname, p.polname;
