-- Columns of the catalog that not every version has are read through to_jsonb, which leaves out what is
-- not there. A foreign key to a partitioned table has one more row per partition: those have a parent.
SELECT c.relname::text                                AS relation,
       con.conname::text                              AS name,
       con.contype::text                              AS kind,
       ARRAY(
           SELECT a.attname::text
             FROM unnest(con.conkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum
            ORDER BY k.place
       )                                              AS columns,
       ARRAY(
           SELECT a.attname::text
             FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.place > i.indnkeyatts
            ORDER BY k.place
       )                                              AS include,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
       CASE
           WHEN target_schema.nspname = 'public' THEN target.relname::text
           ELSE target_schema.nspname || '.' || target.relname
       END                                            AS references_table,
       ARRAY(
           SELECT a.attname::text
             FROM unnest(con.confkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = con.confrelid AND a.attnum = k.attnum
            ORDER BY k.place
       )                                              AS references_columns,
       con.confdeltype::text                          AS on_delete,
       ARRAY(
           SELECT a.attname::text
             FROM jsonb_array_elements_text(
                      CASE jsonb_typeof(to_jsonb(con) -> 'confdelsetcols')
                          WHEN 'array' THEN to_jsonb(con) -> 'confdelsetcols'
                          ELSE '[]'
                      END
                  ) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum::smallint
            ORDER BY k.place
       )                                              AS on_delete_columns,
       con.confupdtype::text                          AS on_update,
       con.confmatchtype = 'f'                        AS match_full,
       con.condeferrable                              AS is_deferrable,
       con.condeferred                                AS is_deferred,
       con.convalidated                               AS validated,
       coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true) AS enforced,
       con.connoinherit                               AS no_inherit,
       pg_get_expr(con.conbin, con.conrelid)          AS expression,
       pg_get_constraintdef(con.oid)                  AS definition,
       obj_description(con.oid, 'pg_constraint')      AS comment
  FROM pg_constraint AS con
  JOIN pg_class AS c ON c.oid = con.conrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_index AS i ON i.indexrelid = con.conindid AND con.contype IN ('p', 'u')
  LEFT JOIN pg_class AS target ON target.oid = con.confrelid
  LEFT JOIN pg_namespace AS target_schema ON target_schema.oid = target.relnamespace
 WHERE n.nspname = 'public'
   AND NOT c.relispartition
   AND con.conparentid = 0
   AND con.contype IN ('p', 'u', 'f', 'c', 'x')
 ORDER BY c.relname, con.conname;
