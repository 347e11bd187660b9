SELECT name, false AS is_table
  FROM pg_settings
 WHERE name IN ('autovacuum', 'track_counts') AND reset_val = 'off'
UNION ALL
SELECT c.relname::text, true
  FROM pg_class AS c
 WHERE c.relnamespace = to_regnamespace('public')
   AND c.relkind = 'r'
   AND EXISTS (
       SELECT FROM pg_options_to_table(c.reloptions)
        WHERE option_name = 'autovacuum_enabled' AND NOT option_value::boolean
   )
 ORDER BY 2, 1;
