SELECT 'access_tokens' AS relation,
       (SELECT count(*) FROM (SELECT FROM access_tokens_default LIMIT 10001) AS first) AS rows,
       EXISTS (
           SELECT FROM pg_inherits
            WHERE inhparent = 'access_tokens'::regclass AND inhrelid <> 'access_tokens_default'::regclass
       ) AS dated
UNION ALL
SELECT 'audit_logs' AS relation,
       (SELECT count(*) FROM (SELECT FROM audit_logs_default LIMIT 10001) AS first) AS rows,
       EXISTS (
           SELECT FROM pg_inherits
            WHERE inhparent = 'audit_logs'::regclass AND inhrelid <> 'audit_logs_default'::regclass
       ) AS dated
UNION ALL
SELECT 'authorization_codes' AS relation,
       (SELECT count(*) FROM (SELECT FROM authorization_codes_default LIMIT 10001) AS first) AS rows,
       EXISTS (
           SELECT FROM pg_inherits
            WHERE inhparent = 'authorization_codes'::regclass AND inhrelid <> 'authorization_codes_default'::regclass
       ) AS dated
ORDER BY 1;
