-- Whatever was seen by one of these is kept in every database. Transactions of this one have checks of their own. Those
-- of another count from when they were given an id: then every new snapshot looks back to them.
SELECT kind, name, database, age(horizon)::bigint AS age
  FROM (
      SELECT 'transaction' AS kind, pid::text AS name, datname::text AS database, backend_xid AS horizon
        FROM pg_stat_activity
       WHERE datname <> current_database()
       UNION ALL
      SELECT 'prepared', gid, database::text, transaction FROM pg_prepared_xacts WHERE database <> current_database()
       UNION ALL
      SELECT 'slot', slot_name::text, NULL, xmin FROM pg_replication_slots
       UNION ALL
      -- That of a replica with a slot is the slot's.
      SELECT 'replica', coalesce(nullif(application_name, ''), pid::text), NULL, backend_xmin FROM pg_stat_replication
  ) AS holders
 WHERE age(horizon) > 1000000
 ORDER BY age(horizon) DESC, name;
