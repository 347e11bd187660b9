SELECT name,
       setting,
       unit,
       current_setting(name) AS shown,
       source,
       pending_restart,
       max_val               AS most,
       -- Whether the server has an address of its own: it is behind a pooler on this machine, or in a container.
       NOT coalesce(inet_server_addr() <<= inet '127.0.0.0/8'
                    OR inet_server_addr() IN (inet '::1', inet_client_addr()), true) AS elsewhere
  FROM pg_settings
 ORDER BY name;
