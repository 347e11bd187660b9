SELECT c.relname::text                       AS relation,
       a.attname::text                       AS name,
       format_type(a.atttypid, a.atttypmod)  AS data_type,
       a.attnotnull                          AS not_null,
       pg_get_expr(d.adbin, d.adrelid)       AS expression,
       a.attidentity::text                   AS identity,
       a.attgenerated::text                  AS generated,
       CASE WHEN a.attcollation <> t.typcollation THEN collation_of.collname::text END AS collation,
       t.typcategory = 'A'                   AS is_array,
       enum.typname::text                    AS enum_name,
       col_description(c.oid, a.attnum)      AS comment
  FROM pg_attribute AS a
  JOIN pg_class AS c ON c.oid = a.attrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_collation AS collation_of ON collation_of.oid = a.attcollation
  LEFT JOIN pg_type AS enum
         ON enum.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
        AND enum.typtype = 'e'
 WHERE n.nspname = 'public'
   AND c.relkind IN ('r', 'p', 'v', 'm')
   AND NOT c.relispartition
   AND a.attnum > 0
   AND NOT a.attisdropped
 ORDER BY c.relname, a.attnum;
