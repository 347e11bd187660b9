SELECT gid,
       owner::text                                                AS owner,
       extract(epoch FROM clock_timestamp() - prepared)::bigint   AS seconds
  FROM pg_prepared_xacts
 WHERE database = current_database()
 ORDER BY prepared, gid;
