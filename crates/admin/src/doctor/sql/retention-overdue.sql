SELECT CASE WHEN jsonb_typeof(s.value) = 'number' THEN (s.value #>> '{}')::bigint ELSE 0 END AS days,
       ARRAY(
           SELECT c.relname::text
             FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'audit_logs'::regclass
            ORDER BY c.relname
       )                                                                    AS partitions,
       ARRAY(
           SELECT pg_get_expr(c.relpartbound, c.oid)
             FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'audit_logs'::regclass
            ORDER BY c.relname
       )                                                                    AS bounds,
       (SELECT id::text FROM audit_logs_default ORDER BY id LIMIT 1)        AS oldest_in_default
  FROM settings AS s
 WHERE s.key = 'audit.log_retention_days';
