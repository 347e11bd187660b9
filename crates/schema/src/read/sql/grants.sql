-- What others than the owner may do. Functions and types without an access list have the built-in one;
-- for relations and columns that is nobody but the owner. Two versions differ in ways that are no
-- property of a schema: MAINTAIN came with 17, and PUBLIC lost CREATE on new databases with 15.
WITH object (kind, name, column_name, owner, acl) AS (
    SELECT 'relation', c.relname::text, NULL, c.relowner, c.relacl
      FROM pg_class AS c
     WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
       AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT 'relation', c.relname::text, a.attname::text, c.relowner, a.attacl
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
       AND c.relkind IN ('r', 'p', 'v', 'm')
       AND a.attnum > 0
       AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, NULL, p.proowner,
           coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_proc AS p
     WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
    UNION ALL
    SELECT 'type', t.typname::text, NULL, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
      FROM pg_type AS t
     WHERE t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
       AND t.typtype IN ('e', 'd')
    UNION ALL
    SELECT 'schema', n.nspname::text, NULL, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
      FROM pg_namespace AS n
     WHERE n.nspname = 'public'
)
SELECT object.kind,
       object.name,
       object.column_name,
       CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(acl.grantee)::text END COLLATE "C" AS grantee,
       array_agg(DISTINCT acl.privilege_type COLLATE "C") AS privileges,
       coalesce(
           array_agg(DISTINCT acl.privilege_type COLLATE "C") FILTER (WHERE acl.is_grantable), '{}'
       )                                                  AS grantable
  FROM object
 CROSS JOIN LATERAL aclexplode(object.acl) AS acl
 WHERE acl.grantee <> object.owner
   AND acl.privilege_type <> 'MAINTAIN'
   AND NOT (
       object.kind = 'schema' AND acl.grantee = 0 AND acl.privilege_type = 'CREATE'
       AND current_setting('server_version_num')::integer < 150000
   )
 GROUP BY 1, 2, 3, 4
 ORDER BY 1, 2, 3, 4;
