//! Where a person is signed in.

use sea_query::ForeignKeyAction;

use crate::Migration;
use crate::ddl::{
    Script, before, binary, enumeration_null, inet_null, length, one_line, scope_list, sha256, table, text,
    text_array, text_null, timestamptz, timestamptz_null, together, uuid,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
        .create_enum(
            "revocation_reason",
            &[
                "client_request",
                "user_request",
                "logout",
                "administrator",
                "code_replay",
                "refresh_token_reuse",
                "password_change",
                "account_locked",
                "account_erased",
                "client_disabled",
            ],
            "Why a session or token was revoked before its time.",
        )
        .create_table(
            table("sessions", "User sessions: one browser in which a person is signed in.")
                .column(
                    uuid("id")
                        .comment("UUIDv7, made by the application; the selector part of the session cookie."),
                )
                .column(binary("digest").comment("SHA-256 of the secret part of the session cookie."))
                .column(
                    text("sid")
                        .comment("The sid claim that clients see (OpenID Connect Front-Channel Logout 3)."),
                )
                .column(uuid("user_id").comment("Who is signed in."))
                .column(
                    timestamptz("auth_time")
                        .comment("When the person last proved who they are (OpenID Connect Core 2)."),
                )
                .column(
                    text_null("acr")
                        .comment("Authentication context class reference (OpenID Connect Core 2)."),
                )
                .column(text_array("amr").comment("Authentication method references (RFC 8176)."))
                .column(inet_null("ip_address").comment("Address that the session began from."))
                .column(text_null("user_agent").comment("User agent that the session began with."))
                .column(text_null("device").comment("What to call the device in a list of sessions."))
                .column(timestamptz("created_at"))
                .column(
                    timestamptz("last_active_at").comment(
                        "Last use, written at most once in a while so that reads do not become writes.",
                    ),
                )
                .column(timestamptz("idle_expires_at").comment("When it ends unless it is used again."))
                .column(timestamptz("expires_at").comment("When it ends however much it is used."))
                .column(timestamptz_null("revoked_at").comment("When it was ended before its time."))
                .column(
                    enumeration_null("revocation_reason", "revocation_reason")
                        .comment("Why it was ended before its time."),
                )
                .primary_key_uuid_v7()
                .finite_times()
                .unique("sid")
                .references("user_id", "users", ForeignKeyAction::Restrict)
                .check("digest", sha256("digest"))
                .check("sid", "sid ~ '^[!-~]{1,255}$'")
                .check("acr", length("acr", 255))
                .check("amr", scope_list("amr"))
                .check("user_agent", one_line("user_agent", 1000))
                .check("device", one_line("device", 200))
                .check("expires_at", before("created_at", "expires_at"))
                .check("idle_expires_at", "idle_expires_at > created_at AND idle_expires_at <= expires_at")
                .check("revoked", together(&["revoked_at", "revocation_reason"]))
                .index(["user_id"])
                .index(["expires_at"])
                // Touching a session rewrites unindexed columns: with room on the page that update is HOT.
                .storage("fillfactor = 80"),
        )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"sessions\"").sql("DROP TYPE \"revocation_reason\"")
}
