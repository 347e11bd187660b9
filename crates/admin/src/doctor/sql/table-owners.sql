-- A partition goes with the table that it is a part of. Whoever is a member of the owner can do what the owner can.
SELECT coalesce(root.relname, c.relname)::text                                  AS root,
       c.relname::text                                                          AS relation,
       owner.rolname::text                                                      AS owner,
       NOT pg_has_role(d.datdba, c.relowner, 'USAGE')                           AS foreign,
       NOT owner.rolsuper AND has_schema_privilege(owner.oid, c.relnamespace, 'CREATE') AS able
  FROM pg_class AS c
  JOIN pg_roles AS owner ON owner.oid = c.relowner
  JOIN pg_database AS d ON d.datname = current_database()
  LEFT JOIN pg_class AS root ON root.oid = pg_partition_root(c.oid)
 WHERE c.relnamespace = to_regnamespace('public')
   AND c.relkind IN ('r', 'p')
 ORDER BY 1, c.relispartition, 2;
