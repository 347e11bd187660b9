SELECT t.typname::text                    AS name,
       ARRAY(
           SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder
       )                                  AS labels,
       obj_description(t.oid, 'pg_type')  AS comment
  FROM pg_type AS t
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
 WHERE n.nspname = 'public'
   AND t.typtype = 'e'
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
   )
 ORDER BY t.typname;
