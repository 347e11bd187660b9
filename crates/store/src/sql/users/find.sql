-- $1 username or email: no username holds an @, and every email does
SELECT u.id, u.username, u.email, u.email_verified_at, u.password_hash, u.must_change_password, u.role::text AS role,
       u.locked_at, u.locked_until, u.mfa_enabled_at, u.totp_secret_sealed,
       cardinality(u.backup_code_digests) AS backup_codes, u.last_login_at, u.revocation_epoch
FROM users u
WHERE (lower(u.username) = lower($1) OR lower(u.email) = lower($1)) AND u.erased_at IS NULL
