-- $1 user
SELECT u.id, u.username, u.email, u.email_verified_at, u.given_name, u.family_name, u.claims, u.role::text AS role,
       u.locked_at, u.locked_until, u.updated_at, u.revocation_epoch
FROM users u
WHERE u.id = $1 AND u.erased_at IS NULL
