-- Which line applies to the serving role from the address that this session comes from; the first one counts.
-- A host name as an address would take a look-up that only the server can make, so such a line is passed over.
SELECT line_number                                                              AS line,
       auth_method                                                              AS method,
       host(inet_client_addr())                                                 AS client,
       concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','),
                 address, netmask, auth_method)                                 AS rule,
       (
           CASE
               WHEN inet_client_addr() IS NULL THEN type = 'local'
               WHEN type NOT LIKE 'host%' OR type = 'hostgssenc' THEN false
               WHEN type = 'hostssl' AND NOT encrypted THEN false
               WHEN type = 'hostnossl' AND encrypted THEN false
               WHEN address IN ('all', 'samenet') THEN true
               WHEN address = 'samehost' THEN inet_client_addr() = inet_server_addr()
               WHEN netmask IS NULL THEN false
               WHEN family(address::inet) <> family(inet_client_addr()) THEN false
               ELSE host(inet_client_addr())::inet & netmask::inet = address::inet & netmask::inet
           END
           AND EXISTS (
               SELECT FROM unnest(database) AS wanted
                WHERE wanted IN ('all', current_database())
                   OR (wanted = 'sameuser' AND serving.rolname = current_database())
                   OR (wanted LIKE '/%' AND current_database() ~ substr(wanted, 2))
           )
           AND EXISTS (
               SELECT FROM unnest(user_name) AS wanted
                WHERE wanted IN ('all', serving.rolname)
                   OR (wanted LIKE '/%' AND serving.rolname ~ substr(wanted, 2))
                   OR EXISTS (
                       SELECT FROM pg_roles AS owner
                        WHERE wanted = '+' || owner.rolname AND pg_has_role(serving.oid, owner.oid, 'MEMBER')
                   )
           )
       )                                                                        AS matches
  FROM pg_hba_file_rules
 CROSS JOIN (SELECT ssl AS encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS own
 CROSS JOIN (SELECT oid, rolname FROM pg_roles WHERE rolname = current_setting('authority.serving_role')) AS serving
 WHERE error IS NULL
