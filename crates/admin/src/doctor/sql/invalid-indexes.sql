-- One that is being built right now is not a failure.
SELECT ic.relname::text  AS index,
       c.relname::text   AS relation,
       ic.relkind = 'I'  AS partitioned
  FROM pg_index AS i
  JOIN pg_class AS ic ON ic.oid = i.indexrelid
  JOIN pg_class AS c ON c.oid = i.indrelid
 WHERE c.relnamespace = to_regnamespace('public')
   AND NOT (i.indisvalid AND i.indisready AND i.indislive)
   AND NOT EXISTS (
       SELECT FROM pg_stat_progress_create_index AS p WHERE p.relid = c.oid
   )
 ORDER BY 1;
