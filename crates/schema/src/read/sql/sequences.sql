-- deptype: i is an identity column's sequence, a is one that is OWNED BY a column, e an extension's.
SELECT c.relname::text                         AS name,
       format_type(s.seqtypid, NULL)           AS data_type,
       s.seqstart                              AS start,
       s.seqincrement                          AS increment,
       s.seqmin                                AS minimum,
       s.seqmax                                AS maximum,
       s.seqcache                              AS cache,
       s.seqcycle                              AS cycle,
       owner.relname::text                     AS owner_table,
       a.attname::text                         AS owner_column,
       obj_description(c.oid, 'pg_class')      AS comment
  FROM pg_sequence AS s
  JOIN pg_class AS c ON c.oid = s.seqrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend AS owned
         ON owned.classid = 'pg_class'::regclass AND owned.objid = c.oid AND owned.deptype = 'a'
        AND owned.refclassid = 'pg_class'::regclass
  LEFT JOIN pg_class AS owner ON owner.oid = owned.refobjid
  LEFT JOIN pg_attribute AS a ON a.attrelid = owned.refobjid AND a.attnum = owned.refobjsubid
 WHERE n.nspname = 'public'
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('i', 'e')
   )
 ORDER BY c.relname;
