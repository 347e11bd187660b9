use serde_json::{Value, json};

use super::case::OnDelete::Restrict;
use super::case::{About, Table, about};
use super::fixtures::{AN_INSTANT_LATER, BEFORE_NOON, ID, NOON, ONE, OTHER_ID, USER, digest};
use super::shapes::{one_line, scope_list, sha256, text, together};

pub(super) fn table() -> Table {
    Table::new("sessions", minimal())
        .row("full", full())
        .another(json!({ "id": OTHER_ID, "sid": "other" }))
        .foreign_keys([("fk_sessions_user_id", Restrict)])
        .cases(cases())
}

fn minimal() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "sid": "sid",
        "user_id": USER,
        "auth_time": NOON,
        "created_at": NOON,
        "last_active_at": NOON,
        "idle_expires_at": "2026-11-23T12:30:00Z",
        "expires_at": ONE,
    })
}

fn full() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "sid": "sid",
        "user_id": USER,
        "auth_time": NOON,
        "acr": "urn:mace:incommon:iap:silver",
        "amr": ["pwd", "otp"],
        "ip_address": "192.0.2.1",
        "user_agent": "Mozilla/5.0",
        "device": "Laptop",
        "created_at": NOON,
        "last_active_at": NOON,
        "idle_expires_at": "2026-11-23T12:30:00Z",
        "expires_at": ONE,
        "revoked_at": NOON,
        "revocation_reason": "logout",
        "user_epoch": 2,
    })
}

fn cases() -> Vec<About> {
    vec![
        sha256("ck_sessions_digest", "digest"),
        about("ck_sessions_sid")
            .refuses("sid", ["", "a b", "a\n", "\na", "é", "\u{7f}"])
            .refuses("sid", ["x".repeat(256)])
            .accepts("sid", ["!", "~"])
            .accepts("sid", ["x".repeat(255)]),
        about("uq_sessions_sid")
            .refuses_beside(json!({ "sid": "a" }), json!({ "sid": "a" }))
            .accepts_beside(json!({ "sid": "a" }), json!({ "sid": "A" })),
        text("ck_sessions_acr", "acr", 255),
        scope_list("ck_sessions_amr", "amr"),
        one_line("ck_sessions_user_agent", "user_agent", 1000),
        one_line("ck_sessions_device", "device", 200),
        about("ck_sessions_expires_at")
            .refuses_row(json!({ "expires_at": NOON, "idle_expires_at": NOON }))
            .refuses_row(json!({ "expires_at": BEFORE_NOON, "idle_expires_at": BEFORE_NOON }))
            .accepts_row(json!({ "expires_at": AN_INSTANT_LATER, "idle_expires_at": AN_INSTANT_LATER }))
            // The other condition of `idle_expires_at` refuses the same rows.
            .alone(),
        about("ck_sessions_idle_expires_at")
            .refuses("idle_expires_at", ["2026-11-23T13:00:00.000001Z", NOON, BEFORE_NOON])
            .accepts("idle_expires_at", [ONE, AN_INSTANT_LATER]),
        together(
            "ck_sessions_revoked",
            [("revoked_at", json!(NOON)), ("revocation_reason", json!("logout"))],
        ),
        about("revocation_reason").refuses("revocation_reason", ["expired"]),
    ]
}
