SELECT rolcanlogin AS can_log_in,
       CASE WHEN rolvaliduntil <= now() THEN rolvaliduntil::text END AS expired
  FROM pg_roles
 WHERE rolname = current_setting('authority.serving_role');
