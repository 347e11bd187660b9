-- Made for the time of one run, with a name that chance has given.
SELECT d.datname::text AS database
  FROM pg_database AS d
 WHERE d.datname ~ '^authority_(generate|replaced|restore|verify)_[0-9a-f]{16}$'
   AND d.datname <> current_database()
   AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
 ORDER BY d.datname;
