SELECT rolname::text AS role FROM pg_authid WHERE rolpassword LIKE 'md5%' AND rolcanlogin ORDER BY 1;
