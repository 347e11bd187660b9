-- pg_get_functiondef cannot print an aggregate.
SELECT p.proname::text                              AS name,
       p.oid::regprocedure::text                    AS signature,
       pg_get_function_identity_arguments(p.oid)    AS arguments,
       pg_get_function_arguments(p.oid)             AS arguments_with_defaults,
       pg_get_function_result(p.oid)                AS result,
       l.lanname::text                              AS language,
       pg_get_functiondef(p.oid)                    AS definition,
       obj_description(p.oid, 'pg_proc')            AS comment
  FROM pg_proc AS p
  JOIN pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_language AS l ON l.oid = p.prolang
 WHERE n.nspname = 'public'
   AND p.prokind <> 'a'
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
   )
 ORDER BY p.proname, pg_get_function_identity_arguments(p.oid) COLLATE "C";
