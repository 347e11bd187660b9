use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::case::{About, Table, about};
use super::fixtures::{CLIENT, ID, NOON, OTHER_ID, SESSION, USER};
use super::shapes::{json_object, one_line};

/// Members that would carry a credential. Each is refused with underscores, with hyphens and with neither,
/// in small letters, in capitals and in camel case.
const CREDENTIALS: [&str; 43] = [
    "password",
    "new_password",
    "old_password",
    "current_password",
    "password_hash",
    "new_password_hash",
    "old_password_hash",
    "current_password_hash",
    "passphrase",
    "new_passphrase",
    "passphrase_hash",
    "passwd",
    "old_passwd",
    "passwd_hash",
    "secret",
    "client_secret",
    "totp_secret",
    "shared_secret",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "subject_token",
    "actor_token",
    "bearer_token",
    "session_token",
    "code",
    "authorization_code",
    "device_code",
    "user_code",
    "backup_code",
    "recovery_code",
    "code_verifier",
    "assertion",
    "client_assertion",
    "otp",
    "totp",
    "cookie",
    "set_cookie",
    "authorization",
    "api_key",
    "private_key",
    "secret_key",
];

/// Members that only have such a word in their name.
const NO_CREDENTIALS: [&str; 73] = [
    "",
    "access",
    "actor",
    "api",
    "api_key_id",
    "assertion_type",
    "authorization_code_id",
    "authorization_details",
    "authorization_endpoint",
    "authorization_server",
    "authorizations",
    "authorized",
    "backup",
    "client",
    "client_assertion_type",
    "client_id",
    "clientId",
    "code_challenge",
    "code_challenge_method",
    "code_id",
    "code_verifier_length",
    "codec",
    "codes_left",
    "cookie_policy",
    "cookies",
    "country_code",
    "decode",
    "device",
    "encoder",
    "error_code",
    "errorCode",
    "has_api_key",
    "has_assertion",
    "has_authorization",
    "has_code",
    "has_code_verifier",
    "has_cookie",
    "has_password",
    "has_secret",
    "has_token",
    "has_totp",
    "hash",
    "id",
    "key",
    "key_id",
    "keyId",
    "mfa_enabled",
    "otp_enabled",
    "passphrases_match",
    "password_changed",
    "password_policy",
    "passwordless",
    "postal_code",
    "private",
    "public_key",
    "reason_code",
    "refresh",
    "secret_key_id",
    "secret_rotated_at",
    "secretary",
    "session_id",
    "shared",
    "status_code",
    "token_endpoint_auth_method",
    "token_expires_at",
    "token_id",
    "token_type",
    "tokenizer",
    "totp_enabled_at",
    "uncode",
    "user",
    "verifier",
    "zip_code",
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
        one_line("ck_audit_logs_resource_id", "resource_id", 255).moved_to("full"),
        one_line("ck_audit_logs_user_agent", "user_agent", 1000),
        one_line("ck_audit_logs_request_id", "request_id", 255),
        json_object("ck_audit_logs_details", "audit_logs", "details"),
        about("audit_outcome").refuses("outcome", ["failed", "SUCCESS"]),
        about("audit_actor_kind").refuses("actor_kind", ["anonymous", "System"]),
    ]
}

fn details_without_secrets() -> About {
    let somewhere =
        ["password", "access_token", "code", "CLIENT_SECRET", "apiKey"].into_iter().flat_map(|name| {
            [
                json!({ name: null }),
                json!({ name: { "reason": "x" } }),
                json!({ "reason": "x", name: ["x"] }),
                json!({ "a": { name: "x" } }),
                json!({ "a": { "b": { "c": { name: "x" } } } }),
                json!({ "a": [{ name: "x" }] }),
                json!({ "a": [1, [{ "b": "x" }, [{ name: "x" }]]] }),
                json!({ "a": [{ "b": [{ "c": [{ name: "x" }] }] }] }),
                // Nothing to be found in what comes before, or all of it harmless.
                json!({ "a": {}, "b": [], "c": [{}, [], null], "d": { "e": {} }, name: "x" }),
                json!({ "a": [{}, { "b": {} }, { "b": {}, name: "x" }] }),
                json!({ "a": { "b": "password" }, "z": { "y": { "x": 1 }, name: "x" } }),
            ]
        });
    let harmless = [
        json!({ "reason": "password", "scopes": ["token", "code"], "grant_type": "authorization_code" }),
        json!({ "a": [{ "b": [[{ "c": "secret" }]] }], "": null }),
        json!({ "changed": ["password_hash", "client_secret"], "a": { "token_type": "access_token" } }),
    ];
    let named = |name: &str| json!({ name: "x" });
    about("ck_audit_logs_details_without_secrets")
        .refuses("details", CREDENTIALS.into_iter().flat_map(spellings).map(|name| named(&name)))
        .refuses("details", somewhere)
        .accepts("details", NO_CREDENTIALS.into_iter().flat_map(spellings).map(|name| named(&name)))
        .accepts("details", NO_CREDENTIALS.map(|name| json!({ "a": [{ "b": { name: { name: ["x"] } } }] })))
        .accepts("details", harmless)
}

/// The ways to write a name of several words.
fn spellings(name: &str) -> BTreeSet<String> {
    let words: Vec<_> = name.split('_').collect();
    let capitals: Vec<_> = words.iter().map(|word| capitalized(word)).collect();
    let (hyphens, pascal) = (words.join("-"), capitals.concat());
    [
        name.to_owned(),
        name.to_uppercase(),
        words.concat(),
        hyphens.to_uppercase(),
        hyphens,
        capitals.join("-"),
        format!("{}{}", words[0], capitals[1..].concat()),
        pascal,
    ]
    .into()
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().iter().flat_map(|first| first.to_uppercase()).chain(characters).collect()
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
