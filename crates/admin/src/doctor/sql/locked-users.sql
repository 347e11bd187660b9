SELECT count(*) AS count FROM users WHERE locked_at IS NOT NULL AND locked_until IS NULL AND erased_at IS NULL;
