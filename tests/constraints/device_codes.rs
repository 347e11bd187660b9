use serde_json::{Value, json};

use super::case::OnDelete::{Cascade, Restrict};
use super::case::{About, Table, about};
use super::fixtures::{
    AN_INSTANT_LATER, BEFORE_NOON, CLIENT, ID, NOON, ONE, OTHER_ID, SESSION, USER, digest,
};
use super::shapes::{one_line, scope_list, sha256, text, uri_list};

pub(super) fn table() -> Table {
    Table::new("device_codes", minimal())
        .row("full", full())
        .row("approved", answered("approved"))
        .row("proved", proved("approved"))
        .row("denied", answered("denied"))
        .another(json!({ "id": OTHER_ID, "user_code": "QWERTYUI" }))
        .foreign_keys([
            ("fk_device_codes_client_id", Restrict),
            ("fk_device_codes_user_id", Restrict),
            ("fk_device_codes_session_id", Cascade),
        ])
        .cases(request())
        .cases(states())
        .cases(proofs())
        .cases([user_code_is_unique()])
}

/// A code that nobody has answered.
fn minimal() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "user_code": "WDJBMJHT",
        "client_id": CLIENT,
        "issued_at": NOON,
        "expires_at": "2026-11-23T12:05:00Z",
    })
}

/// A code that the device has exchanged for a token.
fn full() -> Value {
    let mut row = proved("exchanged");
    row["exchanged_at"] = json!("2026-11-23T12:01:05Z");
    row["scopes"] = json!(["openid"]);
    row["resources"] = json!(["https://api.example/"]);
    row["poll_interval"] = json!(10);
    row["last_polled_at"] = json!("2026-11-23T12:01:05Z");
    row["slow_down_count"] = json!(1);
    row["attempts"] = json!(2);
    row["ip_address"] = json!("192.0.2.1");
    row["user_agent"] = json!("Television/1.0");
    row["client_epoch"] = json!(3);
    row["user_epoch"] = json!(2);
    row
}

/// A code whose answer says what the person had proved.
fn proved(status: &str) -> Value {
    let mut row = answered(status);
    row["auth_time"] = json!(NOON);
    row["acr"] = json!("urn:mace:incommon:iap:silver");
    row["amr"] = json!(["pwd", "otp"]);
    row
}

/// A code whose answer does not say it: a denial, or an approval by an older program.
fn answered(status: &str) -> Value {
    let mut row = minimal();
    row["status"] = json!(status);
    row["user_id"] = json!(USER);
    row["session_id"] = json!(SESSION);
    row["answered_at"] = json!("2026-11-23T12:01:00Z");
    row
}

fn request() -> Vec<About> {
    vec![
        sha256("ck_device_codes_digest", "digest"),
        about("ck_device_codes_user_code")
            .refuses(
                "user_code",
                ["", "WDJBM", "WDJB-MJHT", "WDJB MJHT", "wdjbmjht", "ÄÖÜÄÖÜ", "WDJBMJHT\n", "_WDJBM"],
            )
            .refuses("user_code", ["W".repeat(17)])
            .accepts("user_code", ["WDJBMJ", "012345", "AZ09AZ"])
            .accepts("user_code", ["W".repeat(16)]),
        scope_list("ck_device_codes_scopes", "scopes"),
        uri_list("ck_device_codes_resources", "resources"),
        about("ck_device_codes_poll_interval")
            .refuses("poll_interval", [0, -1, 3601])
            .accepts("poll_interval", [1, 3600]),
        about("ck_device_codes_slow_down_count")
            .refuses("slow_down_count", [-1])
            .accepts("slow_down_count", [0, i32::MAX]),
        about("ck_device_codes_attempts").refuses("attempts", [-1]).accepts("attempts", [0, i32::MAX]),
        one_line("ck_device_codes_user_agent", "user_agent", 1000),
        about("ck_device_codes_expires_at")
            .refuses("expires_at", [NOON, BEFORE_NOON, "2026-11-23T13:00:00.000001Z", "infinity"])
            .refuses_row(json!({ "issued_at": "-infinity" }))
            .accepts("expires_at", [AN_INSTANT_LATER, ONE]),
        about("idx_device_codes_session_id")
            .leaves_out(json!({ "session_id": null }))
            .on("approved")
            .holds(json!({ "session_id": SESSION })),
        about("device_code_status").refuses("status", ["expired", "Pending", "consumed"]),
    ]
}

fn states() -> Vec<About> {
    vec![
        about("ck_device_codes_answered")
            .refuses_row(json!({ "answered_at": NOON }))
            .on("approved")
            .refuses("answered_at", [Value::Null])
            .refuses_row(json!({ "status": "pending", "user_id": null, "session_id": null }))
            .accepts("answered_at", [NOON])
            .on("denied")
            .refuses("answered_at", [Value::Null])
            .accepts("answered_at", [NOON])
            .on("full")
            .refuses("answered_at", [Value::Null])
            .accepts("answered_at", [NOON])
            .on("minimal")
            .accepts("answered_at", [Value::Null]),
        about("ck_device_codes_answered_at")
            .on("approved")
            .refuses("answered_at", ["2026-11-23T12:05:00.000001Z", ONE])
            .accepts("answered_at", [NOON, "2026-11-23T12:05:00Z"])
            .on("denied")
            .refuses("answered_at", ["2026-11-23T12:05:00.000001Z"])
            .accepts("answered_at", ["2026-11-23T12:05:00Z"])
            .on("full")
            .refuses("answered_at", ["2026-11-23T12:05:00.000001Z"])
            .accepts("answered_at", ["2026-11-23T12:05:00Z"])
            .on("minimal")
            .accepts("answered_at", [Value::Null]),
        about("ck_device_codes_session_id")
            .on("denied")
            .refuses("user_id", [Value::Null])
            .accepts("session_id", [Value::Null])
            .accepts_row(json!({ "user_id": null, "session_id": null }))
            .accepts_row(json!({ "user_id": USER, "session_id": SESSION })),
        about("ck_device_codes_approved")
            .on("approved")
            .refuses_row(json!({ "user_id": null, "session_id": null }))
            .accepts("session_id", [Value::Null])
            .on("full")
            .refuses_row(unproved(json!({ "user_id": null, "session_id": null })))
            .accepts_row(unproved(json!({ "session_id": null })))
            // Whoever has the user code may say that it is not theirs.
            .on("denied")
            .accepts_row(json!({ "user_id": null, "session_id": null })),
        about("ck_device_codes_pending")
            .refuses_row(json!({ "user_id": USER }))
            .refuses_row(json!({ "user_id": USER, "session_id": SESSION }))
            .accepts_row(json!({ "user_id": null, "session_id": null })),
        about("ck_device_codes_exchanged")
            .refuses_row(json!({ "exchanged_at": NOON }))
            .on("approved")
            .refuses("exchanged_at", [NOON])
            .on("denied")
            .refuses("exchanged_at", [NOON])
            .on("full")
            .refuses("exchanged_at", [Value::Null])
            .refuses("status", ["approved", "denied"])
            .accepts("exchanged_at", ["2026-11-23T12:01:05Z"]),
    ]
}

fn proofs() -> Vec<About> {
    vec![
        about("ck_device_codes_auth_time")
            .refuses_row(json!({ "auth_time": NOON }))
            .refuses_row(json!({ "acr": "2" }))
            .refuses_row(json!({ "amr": ["pwd"] }))
            .accepts_row(unproved(json!({})))
            .on("proved")
            .refuses("auth_time", [Value::Null])
            .refuses_row(json!({ "auth_time": null, "acr": null }))
            .refuses_row(json!({ "auth_time": null, "amr": [] }))
            .refuses("session_id", [Value::Null])
            .accepts_row(json!({ "acr": null, "amr": [] }))
            .accepts_row(unproved(json!({})))
            // What older programs write: an approval that nobody fetched in time, given up, and an exchange.
            .accepts("status", ["denied"])
            .accepts_row(json!({ "status": "exchanged", "exchanged_at": ONE }))
            .on("full")
            .refuses("auth_time", [Value::Null])
            .accepts_row(unproved(json!({}))),
        text("ck_device_codes_acr", "acr", 255).moved_to("proved"),
        scope_list("ck_device_codes_amr", "amr").moved_to("proved"),
    ]
}

/// A change that also takes away what the person had proved.
fn unproved(mut change: Value) -> Value {
    change["auth_time"] = Value::Null;
    change["acr"] = Value::Null;
    change["amr"] = json!([]);
    change
}

/// A user code belongs to one device as long as an answer to it matters.
fn user_code_is_unique() -> About {
    let status = |status: &str| match status {
        "pending" => unproved(json!({
            "user_code": "WDJBMJHT", "status": "pending", "answered_at": null, "exchanged_at": null,
            "user_id": null, "session_id": null,
        })),
        "exchanged" => json!({ "user_code": "WDJBMJHT", "status": "exchanged", "exchanged_at": ONE }),
        answered => json!({ "user_code": "WDJBMJHT", "status": answered, "exchanged_at": null }),
    };
    let mut cases = about("uq_device_codes_user_code").on("full");
    for live in ["pending", "approved"] {
        for other in ["pending", "approved"] {
            cases = cases.refuses_beside(status(live), status(other));
        }
        for done in ["denied", "exchanged"] {
            cases =
                cases.accepts_beside(status(live), status(done)).accepts_beside(status(done), status(live));
        }
        cases = cases.accepts_beside(status(live), json!({ "user_code": "WDJBMJHX" }));
    }
    cases
        .accepts_beside(status("denied"), status("denied"))
        .accepts_beside(status("exchanged"), status("denied"))
        .accepts_beside(status("exchanged"), status("exchanged"))
}
