//! The people who sign in.

use sea_query::Expr;

use crate::Migration;
use crate::ddl::{
    Script, before, binary_array, binary_null, enumeration, flag, inet_null, integer, json_binary,
    json_object, list, one_line, plain_list, table, text, text_array, text_null, timestamptz_now,
    timestamptz_null, uuid,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

/// A PHC string of an algorithm that is fit for passwords, with salt and a hash of 128 bits or more; or the
/// `bcrypt` form that Authority wrote before.
const PASSWORD_HASH: &str = "([$](argon2id|argon2i|scrypt|pbkdf2-sha256|pbkdf2-sha512)([$]v=[0-9]+)?([$][a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+(,[a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+)*)?[$][A-Za-z0-9/+.-]+[$][A-Za-z0-9/+]{22,}|[$]2[abxy][$](0[4-9]|[12][0-9]|3[01])[$][./A-Za-z0-9]{53})";

fn up() -> Script {
    Script::new()
        .create_enum(
            "user_role",
            &["user", "admin", "super_admin"],
            "What a person may do in Authority itself.",
        )
        // A CHECK cannot hold a subquery, and an array has no operator for the length of its elements.
        .sql(
            "CREATE FUNCTION every_digest_is_sha256(digests bytea[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT coalesce(bool_and(digest IS NOT NULL AND octet_length(digest) = 32), true) FROM unnest(digests) AS digest $$",
        )
        .sql("COMMENT ON FUNCTION every_digest_is_sha256(bytea[]) IS 'Whether each element is 32 octets long.'")
        .create_table(
            table("users", "User accounts. A row is never deleted: a person who asks to be forgotten is erased, which empties the row and keeps its id for the audit trail.")
                .column(uuid("id").comment("UUIDv7, made by the application."))
                .column(text("username").comment("Login name, unique without regard to case. After erasure: erased-<id>."))
                .column(text("email").comment("Email address, unique without regard to case. After erasure: <id>@erased.invalid (RFC 2606)."))
                .column(timestamptz_null("email_verified_at").comment("When the owner proved control of the address; null while unproven."))
                .column(text_null("password_hash").comment("PHC string (argon2id), or bcrypt until the next login upgrades it; null when the account has no password."))
                .column(timestamptz_null("password_changed_at").comment("When password_hash was set."))
                .column(text_array("password_history").comment("Earlier password hashes, newest first, which a new password may not match."))
                .column(flag("must_change_password", false).comment("The next login has to set a new password first."))
                .column(text_null("given_name").comment("OpenID Connect Core 5.1 given_name."))
                .column(text_null("family_name").comment("OpenID Connect Core 5.1 family_name."))
                .column(json_binary("claims").default(Expr::cust("'{}'")).comment("Further OpenID Connect Core 5.1 claims of the profile, address and phone scopes, by claim name."))
                .column(enumeration("role", "user_role").default(Expr::cust("'user'")).comment("What the person may do in Authority itself."))
                .column(integer("failed_login_attempts").default(0).comment("Failed logins since the last successful one."))
                .column(timestamptz_null("locked_at").comment("When the account was locked; null while it is open."))
                .column(timestamptz_null("locked_until").comment("When a lock ends by itself; null for a lock that an administrator has to lift."))
                .column(text_null("lock_reason").comment("Why the account was locked."))
                .column(timestamptz_null("mfa_enabled_at").comment("When the second factor was switched on; null while it is off."))
                .column(binary_null("totp_secret_sealed").comment("TOTP secret (RFC 6238), encrypted by the application."))
                .column(binary_array("backup_code_digests").comment("SHA-256 of each unused backup code."))
                .column(timestamptz_null("tokens_revoked_before").comment("Every token and session of the user that began at or before this instant is revoked."))
                .column(timestamptz_null("last_login_at").comment("Last successful login."))
                .column(inet_null("last_login_address").comment("Address of the last successful login."))
                .column(timestamptz_null("erased_at").comment("When the person was erased (GDPR article 17)."))
                .column(timestamptz_now("created_at"))
                .column(timestamptz_now("updated_at"))
                .primary_key_uuid_v7()
.finite_times()
                .check("username", "char_length(username) BETWEEN 1 AND 128 AND username !~ '[[:space:][:cntrl:]@]'")
                .check("email", "char_length(email) BETWEEN 3 AND 254 AND email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'")
                .check("password_hash", format!("password_hash ~ '^{PASSWORD_HASH}$' AND char_length(password_hash) <= 512"))
                .check("password_changed_at", "password_hash IS NULL OR password_changed_at IS NOT NULL")
                .check(
                    "password_history",
                    format!("{} AND cardinality(password_history) <= 24", list("password_history", &format!("({PASSWORD_HASH}( |$))*"))),
                )
                .check("given_name", one_line("given_name", 200))
                .check("family_name", one_line("family_name", 200))
                .check("claims", json_object("claims"))
                .check("failed_login_attempts", "failed_login_attempts >= 0")
                .check("locked", "locked_at IS NOT NULL OR num_nonnulls(locked_until, lock_reason) = 0")
                .check("locked_until", before("locked_at", "locked_until"))
                .check("lock_reason", one_line("lock_reason", 500))
                .check("mfa", "mfa_enabled_at IS NULL OR totp_secret_sealed IS NOT NULL")
                .check("totp_secret_sealed", "octet_length(totp_secret_sealed) BETWEEN 29 AND 256")
                .check("backup_code_digests", format!("{} AND cardinality(backup_code_digests) <= 32 AND every_digest_is_sha256(backup_code_digests)", plain_list("backup_code_digests")))
                .check(
                    "erased",
                    "erased_at IS NULL OR (username = 'erased-' || id::text AND email = id::text || '@erased.invalid' AND claims = '{}' AND cardinality(password_history) = 0 AND cardinality(backup_code_digests) = 0 AND role = 'user' AND tokens_revoked_before IS NOT NULL AND num_nonnulls(email_verified_at, password_hash, given_name, family_name, lock_reason, mfa_enabled_at, totp_secret_sealed, last_login_at, last_login_address) = 0)",
                )
                // Otherwise anybody could take the name that an erasure needs, and so prevent it.
                .check("not_erased", "erased_at IS NOT NULL OR (lower(username) NOT LIKE 'erased-%' AND lower(email) NOT LIKE '%@erased.invalid')")
                .unique_ignoring_case("email")
                .unique_ignoring_case("username")
                // A login rewrites its row: room on the page keeps that update off the indexes.
                .storage("fillfactor = 85"),
        )
}

fn down() -> Script {
    Script::new()
        .sql("DROP TABLE \"users\"")
        .sql("DROP FUNCTION every_digest_is_sha256(bytea[])")
        .sql("DROP TYPE \"user_role\"")
}
