-- last_value is null as long as a sequence was not used, and where this role may not see it.
SELECT schemaname::text                                     AS schema,
       sequencename::text                                   AS name,
       data_type::text                                      AS kind,
       round(100 * used / total)::integer                   AS used
  FROM (
      SELECT s.*,
             CASE WHEN increment_by > 0 THEN last_value::numeric - min_value ELSE max_value::numeric - last_value END AS used,
             greatest(max_value::numeric - min_value, 1) AS total
        FROM pg_sequences AS s
       WHERE NOT cycle
  ) AS sequences
 WHERE used / total > 0.8
 ORDER BY 1, 2;
