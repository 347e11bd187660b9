SELECT pid,
       coalesce(usename::text, '')                                    AS role,
       coalesce(application_name, '')                                 AS application,
       extract(epoch FROM clock_timestamp() - state_change)::bigint   AS seconds
  FROM pg_stat_activity
 WHERE state LIKE 'idle in transaction%'
   AND pid <> pg_backend_pid()
   AND datname = current_database()
 ORDER BY state_change, pid;
