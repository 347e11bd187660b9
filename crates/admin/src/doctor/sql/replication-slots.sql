SELECT slot, active, state, held
  FROM (
      SELECT slot_name::text                 AS slot,
             active,
             coalesce(wal_status, 'unknown') AS state,
             pg_wal_lsn_diff(
                 CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
                 restart_lsn
             )::bigint                       AS held
        FROM pg_replication_slots
       WHERE restart_lsn IS NOT NULL
  ) AS slots
 WHERE held IS NOT NULL
   AND (NOT active OR held > 1073741824)
 ORDER BY held DESC, slot;
