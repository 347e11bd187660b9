use serde_json::{Value, json};

/// The id of a row that is tried, and of a second one beside it.
pub(super) const ID: &str = "019aa000-0000-7000-8000-000000000001";
pub(super) const OTHER_ID: &str = "019aa000-0000-7000-8000-000000000002";

/// Rows that others refer to.
pub(super) const USER: &str = "019aa000-0000-7000-8000-00000000a001";
pub(super) const CLIENT: &str = "019aa000-0000-7000-8000-00000000b001";
pub(super) const SESSION: &str = "019aa000-0000-7000-8000-00000000c001";
pub(super) const FAMILY: &str = "019aa000-0000-7000-8000-00000000d001";

/// The id of nothing.
pub(super) const UNKNOWN: &str = "019aa000-0000-7000-8000-00000000ffff";

/// A time, an hour before which and an hour after which rows may lie.
pub(super) const NOON: &str = "2026-11-23T12:00:00Z";
pub(super) const AN_INSTANT_LATER: &str = "2026-11-23T12:00:00.000001Z";
pub(super) const ONE: &str = "2026-11-23T13:00:00Z";
pub(super) const BEFORE_NOON: &str = "2026-11-23T11:59:59.999999Z";

/// A row of the table to which nothing refers.
pub(super) fn spare(table: &str) -> &'static str {
    match table {
        "users" => "019aa000-0000-7000-8000-00000000a002",
        "clients" => "019aa000-0000-7000-8000-00000000b002",
        "sessions" => "019aa000-0000-7000-8000-00000000c002",
        "refresh_tokens" => "019aa000-0000-7000-8000-00000000d002",
        _ => panic!("there is no row of {table} to spare"),
    }
}

/// As many octets as asked for, as PostgreSQL writes them.
pub(super) fn octets(count: usize) -> Value {
    json!(format!("\\x{}", "5a".repeat(count)))
}

/// A SHA-256 digest.
pub(super) fn digest() -> Value {
    octets(32)
}

/// Another SHA-256 digest.
pub(super) fn other_digest() -> Value {
    json!(format!("\\x{}", "6b".repeat(32)))
}

/// A SHA-256 thumbprint in base64url.
pub(super) fn thumbprint() -> Value {
    json!("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
}

/// Users, clients, sessions and families: of each one that rows refer to and one to spare.
pub(super) const PARENTS: &str = r"
    INSERT INTO users (id, username, email)
    SELECT ('019aa000-0000-7000-8000-00000000a00' || n)::uuid, 'parent' || n, 'parent' || n || '@example.com'
    FROM generate_series(1, 2) AS n;

    INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris)
    SELECT ('019aa000-0000-7000-8000-00000000b00' || n)::uuid, 'parent' || n, 'Parent', 'public', 'none',
           '{https://client.example/callback}'
    FROM generate_series(1, 2) AS n;

    INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at,
                          expires_at)
    SELECT ('019aa000-0000-7000-8000-00000000c00' || n)::uuid, sha256('secret'), 'parent' || n,
           '019aa000-0000-7000-8000-00000000a001', now(), now(), now(), now() + interval '30 minutes',
           now() + interval '7 days'
    FROM generate_series(1, 2) AS n;

    INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, auth_time, issued_at,
                                idle_expires_at, expires_at)
    SELECT ('019aa000-0000-7000-8000-00000000d00' || n)::uuid, sha256('secret'), sha256('lineage'),
           '019aa000-0000-7000-8000-00000000b001', '019aa000-0000-7000-8000-00000000a001', now(), now(),
           now() + interval '30 days', now() + interval '365 days'
    FROM generate_series(1, 2) AS n";
