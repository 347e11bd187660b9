-- Autovacuum begins at about 20 %; beyond twice that it does not keep up.
SELECT relname::text AS relation, n_dead_tup AS dead, n_live_tup AS live
  FROM pg_stat_user_tables
 WHERE schemaname = 'public'
   AND n_dead_tup > 10000
   AND n_dead_tup > 0.4 * n_live_tup
 ORDER BY n_dead_tup DESC, relname;
