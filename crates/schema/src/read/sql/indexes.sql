-- Without the indexes of constraints, which are listed with those.
SELECT c.relname::text                            AS relation,
       ic.relname::text                           AS name,
       am.amname::text                            AS method,
       i.indisunique                              AS is_unique,
       i.indisvalid                               AS is_valid,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
       ARRAY(
           SELECT a.attname::text
             FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
             LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.place <= i.indnkeyatts
            ORDER BY k.place
       )                                          AS columns,
       ARRAY(
           SELECT a.attname::text
             FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.place > i.indnkeyatts
            ORDER BY k.place
       )                                          AS include,
       pg_get_expr(i.indpred, i.indrelid)         AS predicate,
       ARRAY(SELECT unnest(ic.reloptions) COLLATE "C" ORDER BY 1) AS options,
       pg_get_indexdef(i.indexrelid)              AS definition,
       obj_description(i.indexrelid, 'pg_class')  AS comment
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indrelid
  JOIN pg_class AS ic ON ic.oid = i.indexrelid
  JOIN pg_am AS am ON am.oid = ic.relam
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public'
   AND c.relkind IN ('r', 'p', 'm')
   AND NOT c.relispartition
   AND NOT EXISTS (
       SELECT FROM pg_constraint AS con
        WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
   )
 ORDER BY c.relname, ic.relname;
