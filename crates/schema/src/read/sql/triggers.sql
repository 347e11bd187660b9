SELECT c.relname::text                       AS relation,
       t.tgname::text                        AS name,
       pg_get_triggerdef(t.oid)              AS definition,
       CASE t.tgenabled
           WHEN 'D' THEN 'disabled'
           WHEN 'R' THEN 'replica'
           WHEN 'A' THEN 'always'
       END                                   AS state,
       obj_description(t.oid, 'pg_trigger')  AS comment
  FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public'
   AND NOT c.relispartition
   AND NOT t.tgisinternal
 ORDER BY c.relname, t.tgname;
