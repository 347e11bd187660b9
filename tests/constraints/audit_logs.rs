use serde_json::{Value, json};

use super::case::{About, Table, about};
use super::fixtures::{CLIENT, ID, NOON, OTHER_ID, SESSION, USER};
use super::shapes::{json_object, text};

/// The members that the details of an event may not have, wherever they are.
pub(super) const CREDENTIALS: [&str; 16] = [
    "access_token",
    "assertion",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "cookie",
    "device_code",
    "id_token",
    "password",
    "password_hash",
    "refresh_token",
    "secret",
    "token",
    "totp",
];

pub(super) fn table() -> Table {
    let minimal = json!({ "id": ID, "event": "user.login", "outcome": "failure", "actor_kind": "system" });
    Table::new("audit_logs", minimal)
        .row("full", full())
        .another(json!({ "id": OTHER_ID }))
        .cases(cases())
        .cases([details_without_secrets()])
        .cases(indexes())
}

fn full() -> Value {
    json!({
        "id": ID,
        "event": "session.revoked",
        "outcome": "success",
        "actor_kind": "user",
        "actor_id": USER,
        "resource_kind": "session",
        "resource_id": SESSION,
        "client_id": CLIENT,
        "session_id": SESSION,
        "ip_address": "192.0.2.0/24",
        "user_agent": "Mozilla/5.0",
        "request_id": "01HZY",
        "details": { "reason": "logout" },
        "created_at": NOON,
    })
}

fn cases() -> Vec<About> {
    let longest = |length: usize| format!("user.{}", "x".repeat(length - 5));
    vec![
        about("ck_audit_logs_event")
            .refuses(
                "event",
                ["", "login", "user.", ".login", "user..login", "user.login.", "User.login", "user.Login"],
            )
            .refuses(
                "event",
                [
                    "user.1login",
                    "1user.login",
                    "_user.login",
                    "user-login.a",
                    "user login.a",
                    "user/a",
                    "uSer.login",
                    "user.lOgin",
                ],
            )
            .refuses("event", ["user.login\n", "\nuser.login", "user:login.é", "user.é"])
            .refuses("event", [longest(101)])
            .accepts(
                "event",
                ["a.b", "user.login", "user.login.second_factor", "oauth2.token_v2", "z_059amz.a_059amz"],
            )
            .accepts("event", [longest(100)]),
        about("ck_audit_logs_actor")
            .refuses("actor_id", [USER])
            .on("full")
            .refuses("actor_kind", ["system"])
            .accepts("actor_kind", ["user", "client"])
            .accepts("actor_id", [Value::Null]),
        about("ck_audit_logs_resource")
            .refuses("resource_id", [SESSION])
            .accepts("resource_kind", ["session"])
            .on("full")
            .refuses("resource_kind", [Value::Null])
            .accepts("resource_id", [Value::Null]),
        about("ck_audit_logs_resource_kind")
            .refuses("resource_kind", ["", "Session", "sEssion", "1a", "_a", "a-b", "a b", "a.b", "é", "a\n"])
            .refuses("resource_kind", ["x".repeat(64)])
            .accepts("resource_kind", ["a", "m", "z_059amz"])
            .accepts("resource_kind", ["x".repeat(63)]),
        text("ck_audit_logs_resource_id", "resource_id", 255).moved_to("full"),
        text("ck_audit_logs_user_agent", "user_agent", 1000),
        text("ck_audit_logs_request_id", "request_id", 255),
        json_object("ck_audit_logs_details", "audit_logs", "details"),
        about("audit_outcome").refuses("outcome", ["failed", "SUCCESS"]),
        about("audit_actor_kind").refuses("actor_kind", ["anonymous", "System"]),
    ]
}

fn details_without_secrets() -> About {
    let harmless = [
        json!({ "reason": "password", "scopes": ["token", "code"] }),
        json!({ "token_id": ID, "code_id": ID, "password_changed": true, "cookies": 2, "country_code": "de" }),
        json!({ "a": [{ "b": [[{ "c": "secret" }]] }], "": null }),
    ];
    CREDENTIALS
        .iter()
        .fold(about("ck_audit_logs_details_without_secrets"), |cases, name| {
            let details = [
                json!({ *name: "x" }),
                json!({ *name: null }),
                json!({ *name: { "reason": "x" } }),
                json!({ "reason": "x", *name: ["x"] }),
                json!({ "a": { *name: "x" } }),
                json!({ "a": { "b": { "c": { *name: "x" } } } }),
                json!({ "a": [{ *name: "x" }] }),
                json!({ "a": [1, [{ "b": "x" }, [{ *name: "x" }]]] }),
                json!({ "a": [{ "b": [{ "c": [{ *name: "x" }] }] }] }),
            ];
            cases.refuses("details", details)
        })
        .accepts("details", harmless)
}

fn indexes() -> Vec<About> {
    vec![
        about("idx_audit_logs_actor_id_id")
            .leaves_out(json!({ "actor_id": null }))
            .on("full")
            .holds(json!({ "actor_id": USER })),
        about("idx_audit_logs_resource_kind_resource_id_id")
            .leaves_out(json!({ "resource_kind": "session", "resource_id": null }))
            .on("full")
            .holds(json!({ "resource_id": SESSION })),
    ]
}
