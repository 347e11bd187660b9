-- pg_settings hides the row from a role that may not see it; current_setting() would fail.
SELECT (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS directory,
       pg_database_size(current_database())                           AS size;
