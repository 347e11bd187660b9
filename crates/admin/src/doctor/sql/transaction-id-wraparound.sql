-- Every database, because one alone stops the whole server.
SELECT datname::text                                            AS database,
       age(datfrozenxid)::bigint                                AS age,
       current_setting('autovacuum_freeze_max_age')::bigint     AS limit
  FROM pg_database
 ORDER BY 2 DESC, 1;
