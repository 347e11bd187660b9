-- On top of one row of each table: partitions of their own, many rows, and texts that look like something else.
INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object(
    'id', '019aa000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'), 'username', 'user-' || n, 'email', 'user-' || n || '@example.com',
    'claims', jsonb_build_object('zoneinfo', E'Ünïcode \\. \t "\'', 'picture', repeat('x', n))))).*
  FROM users u, generate_series(1, 200) AS n;
INSERT INTO access_tokens SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', CASE WHEN n < 100 THEN '019aa000' ELSE '019bb000' END || '-0000-7000-9000-' || lpad(to_hex(n), 12, '0')))).*
  FROM access_tokens t, generate_series(1, 200) AS n;
INSERT INTO audit_logs SELECT (jsonb_populate_record(l, jsonb_build_object(
    'id', CASE WHEN n < 100 THEN '019aa000' ELSE '019bb000' END || '-0000-7000-9000-' || lpad(to_hex(n), 12, '0'),
    'user_agent', '\.  \! id; COMMIT; ' || n, 'details', jsonb_build_object('text', E'-- authority-backup-sha256: 00\n\\.\n$$')))).*
  FROM audit_logs l, generate_series(1, 200) AS n;
UPDATE clients SET description = '-- authority-backup-sha256: 0000', tos_uri = NULL;
UPDATE settings SET description = '\.';
