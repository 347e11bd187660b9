-- A walsender's transaction is a backup or a slot, which has its own check; those idle in transaction have theirs.
SELECT pid,
       coalesce(usename::text, '')                                  AS role,
       coalesce(application_name, '')                               AS application,
       extract(epoch FROM clock_timestamp() - xact_start)::bigint   AS seconds
  FROM pg_stat_activity
 WHERE xact_start IS NOT NULL
   AND backend_type = 'client backend'
   AND state NOT LIKE 'idle in transaction%'
   AND pid <> pg_backend_pid()
   AND datname = current_database()
 ORDER BY xact_start, pid;
