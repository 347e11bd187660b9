SELECT line_number                                                              AS line,
       auth_method                                                              AS method,
       error,
       coalesce(address IN ('127.0.0.1', '::1'), false)                         AS loopback,
       concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','),
                 address, netmask, auth_method)                                 AS rule
  FROM pg_hba_file_rules
 WHERE error IS NOT NULL
    OR (type LIKE 'host%' AND auth_method = 'trust')
    OR (type IN ('host', 'hostnossl') AND auth_method = 'password');
