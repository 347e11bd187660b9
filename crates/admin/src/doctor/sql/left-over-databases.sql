-- Made for the time of one run, and named after its process.
SELECT d.datname::text AS database
  FROM pg_database AS d
 WHERE d.datname ~ '^authority_(generate|replaced|restore|verify)_[0-9]+$'
   AND d.datname <> current_database()
   AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
 ORDER BY d.datname;
