//! Devices without a browser that wait for a person to approve them.

use sea_query::{Expr, ForeignKeyAction};

use crate::Migration;
use crate::ddl::{
    Script, binary, enumeration, inet_null, integer, one_line, scope_list, sha256, table, text, text_array,
    text_null, timestamptz, timestamptz_null, uri_list, uuid, uuid_null,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
        .create_enum(
            "device_code_status",
            &["pending", "approved", "denied", "exchanged"],
            "How far a device authorization has come (RFC 8628 section 3).",
        )
        .create_table(
            table("device_codes", "Device authorization codes (RFC 8628).")
                .column(uuid("id").comment("UUIDv7, made by the application; the selector part of the device code."))
                .column(binary("digest").comment("SHA-256 of the secret part of the device code."))
                .column(text("user_code").comment("What the person types, in capitals and without separators (RFC 8628 section 6.1)."))
                .column(uuid("client_id").comment("The client that runs on the device."))
                .column(text_array("scopes").comment("What the device asked for."))
                .column(text_array("resources").comment("Resource indicators of the request (RFC 8707)."))
                .column(enumeration("status", "device_code_status").default(Expr::cust("'pending'")))
                .column(uuid_null("user_id").comment("Who answered."))
                .column(uuid_null("session_id").comment("The session in which they answered."))
                .column(timestamptz_null("answered_at").comment("When they approved or denied."))
                .column(timestamptz_null("exchanged_at").comment("When the device fetched its token."))
                .column(integer("poll_interval").default(5).comment("Seconds that the device has to wait between polls; each slow_down adds five (RFC 8628 section 3.5)."))
                .column(timestamptz_null("last_polled_at").comment("When the device last asked."))
                .column(integer("slow_down_count").default(0).comment("How often the device asked too early."))
                .column(integer("attempts").default(0).comment("How often somebody tried to answer it, for rate limits (RFC 8628 section 5.1)."))
                .column(inet_null("ip_address").comment("Address that the device asked from."))
                .column(text_null("user_agent").comment("User agent of the device."))
                .column(timestamptz("issued_at"))
                .column(timestamptz("expires_at"))
                .primary_key_uuid_v7()
.finite_times()
                .references_unindexed("client_id", "clients", "a client is disabled, never deleted, and nothing looks device codes up by client.")
                .references_unindexed("user_id", "users", "a user is erased, never deleted, and nothing looks device codes up by user.")
                .references("session_id", "sessions", ForeignKeyAction::Cascade)
                .check("digest", sha256("digest"))
                .check("user_code", "user_code ~ '^[A-Z0-9]{6,16}$'")
                .check("scopes", scope_list("scopes"))
                .check("resources", uri_list("resources"))
                .check("answered", "(status = 'pending') = (answered_at IS NULL)")
                .check("session_id", "session_id IS NULL OR user_id IS NOT NULL")
                .check("answered_at", "answered_at <= expires_at")
                .check("approved", "status NOT IN ('approved', 'exchanged') OR user_id IS NOT NULL")
                .check("pending", "status <> 'pending' OR num_nonnulls(user_id, session_id) = 0")
                .check("exchanged", "(status = 'exchanged') = (exchanged_at IS NOT NULL)")
                .check("poll_interval", "poll_interval BETWEEN 1 AND 3600")
                .check("slow_down_count", "slow_down_count >= 0")
                .check("attempts", "attempts >= 0")
                .check("user_agent", one_line("user_agent", 1000))
                .check("expires_at", "expires_at > issued_at AND expires_at <= issued_at + interval '1 hour'")
                .unique_where("user_code", "status IN ('pending', 'approved')")
                .index_where_set("session_id")
                .index(["expires_at"])
                // Each poll rewrites unindexed columns: with room on the page that update is HOT.
                .storage("fillfactor = 70"),
        )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"device_codes\"").sql("DROP TYPE \"device_code_status\"")
}
