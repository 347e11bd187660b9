SELECT datname::text                                                    AS database,
       mxid_age(datminmxid)::bigint                                     AS age,
       current_setting('autovacuum_multixact_freeze_max_age')::bigint   AS limit
  FROM pg_database
 ORDER BY 2 DESC, 1;
