SELECT t.typname::text                           AS name,
       format_type(t.typbasetype, t.typtypmod)   AS data_type,
       t.typnotnull                              AS not_null,
       pg_get_expr(t.typdefaultbin, 0)           AS default_value,
       CASE WHEN t.typcollation <> base.typcollation THEN collation_of.collname::text END AS collation,
       obj_description(t.oid, 'pg_type')         AS comment
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
  JOIN pg_type AS base ON base.oid = t.typbasetype
  LEFT JOIN pg_collation AS collation_of ON collation_of.oid = t.typcollation
 WHERE n.nspname = 'public'
   AND t.typtype = 'd'
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
   )
 ORDER BY t.typname;
