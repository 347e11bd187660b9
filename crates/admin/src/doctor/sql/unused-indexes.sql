-- Not the age of the statistics tells whether there was occasion enough, but how often the table was read. The indexes of
-- partitions count for the one that they are attached to: none of them can be dropped without it.
SELECT ic.relname::text                          AS index,
       c.relname::text                           AS relation,
       sum(pg_relation_size(s.indexrelid))::int8 AS size,
       sum(t.reads)::int8                        AS reads
  FROM pg_stat_user_indexes AS s
  JOIN (
           SELECT relid, seq_scan + coalesce(idx_scan, 0) AS reads FROM pg_stat_user_tables
       ) AS t ON t.relid = s.relid
  JOIN pg_class AS ic ON ic.oid = coalesce(pg_partition_root(s.indexrelid)::oid, s.indexrelid)
  JOIN pg_index AS i ON i.indexrelid = ic.oid
  JOIN pg_class AS c ON c.oid = i.indrelid
 WHERE s.schemaname = 'public'
   AND NOT i.indisunique
   AND i.indisvalid
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = ic.oid)
 GROUP BY ic.oid, ic.relname, c.relname
HAVING sum(s.idx_scan) = 0
   AND sum(t.reads) >= 1000
   AND sum(pg_relation_size(s.indexrelid)) > 1048576
 ORDER BY size DESC, 1;
