SELECT EXISTS (
           SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS acl
            WHERE acl.grantee = 0 AND acl.privilege_type = 'CREATE'
       ) AS open
  FROM pg_namespace AS n
 WHERE n.nspname = 'public';
