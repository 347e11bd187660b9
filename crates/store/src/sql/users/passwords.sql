-- $1 user
SELECT u.password_hash,
       u.password_history[1:greatest(least(coalesce(
           (SELECT (value #>> '{}')::bigint FROM settings
            WHERE key = 'security.password_history_count' AND value_type = 'integer'), 5), 24), 0)::int]
           AS password_history
FROM users u
WHERE u.id = $1 AND u.erased_at IS NULL
