SELECT ARRAY(
           SELECT acl.privilege_type
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS acl
            WHERE acl.grantee = 0
            ORDER BY acl.privilege_type
       ) AS privileges
  FROM pg_database AS d
 WHERE d.datname = current_database();
