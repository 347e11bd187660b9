-- Not the age of the statistics tells whether there was occasion enough, but how often the table was read.
SELECT s.indexrelname::text                 AS index,
       s.relname::text                      AS relation,
       pg_relation_size(s.indexrelid)       AS size,
       t.seq_scan + coalesce(t.idx_scan, 0) AS reads
  FROM pg_stat_user_indexes AS s
  JOIN pg_stat_user_tables AS t ON t.relid = s.relid
  JOIN pg_index AS i ON i.indexrelid = s.indexrelid
 WHERE s.schemaname = 'public'
   AND s.idx_scan = 0
   AND NOT i.indisunique
   AND i.indisvalid
   AND t.seq_scan + coalesce(t.idx_scan, 0) >= 1000
   AND pg_relation_size(s.indexrelid) > 1048576
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = s.indexrelid)
 ORDER BY size DESC, 1;
