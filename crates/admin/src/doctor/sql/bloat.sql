-- What the rows need: their average width, 28 octets of header and line pointer, a fifth for alignment and page
-- headers, and what fillfactor leaves free. Columns whose statistics this role may not see leave the table out.
SELECT c.relname::text  AS relation,
       sizes.size       AS size,
       sizes.needed     AS needed
  FROM pg_class AS c
  CROSS JOIN LATERAL (
      SELECT sum(s.avg_width * (1 - s.null_frac)) AS width, count(*) AS known
        FROM pg_stats AS s
       WHERE s.schemaname = 'public' AND s.tablename = c.relname AND NOT s.inherited
  ) AS statistics
  CROSS JOIN LATERAL (
      SELECT c.relpages::bigint * current_setting('block_size')::bigint AS size,
             (c.reltuples * (statistics.width + 28) * 1.2 * 100 / coalesce(
                 (SELECT option_value::integer FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'),
                 100
             ))::bigint AS needed
  ) AS sizes
 WHERE c.relnamespace = to_regnamespace('public')
   AND c.relkind = 'r'
   AND c.reltuples >= 0
   AND statistics.known = (
       SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   )
   AND sizes.size > 10485760
   AND sizes.needed < sizes.size / 2
 ORDER BY sizes.size DESC, 1;
