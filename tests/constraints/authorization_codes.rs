use serde_json::{Value, json};

use super::case::OnDelete::{Cascade, Restrict};
use super::case::{About, Table, about};
use super::fixtures::{
    AN_INSTANT_LATER, BEFORE_NOON, CLIENT, FAMILY, ID, NOON, OTHER_ID, SESSION, UNKNOWN, USER, digest,
    thumbprint,
};
use super::shapes::{
    NO_SCRIPTS, NO_URIS, SCRIPTS, authorization_details, base64url_thumbprint, json_object, scope_list,
    sha256, text, together, uri_list, uris,
};

pub(super) fn table() -> Table {
    Table::new("authorization_codes", minimal())
        .row("full", full())
        .another(json!({ "id": OTHER_ID }))
        .foreign_keys([
            ("fk_authorization_codes_client_id", Restrict),
            ("fk_authorization_codes_user_id", Restrict),
            ("fk_authorization_codes_session_id", Cascade),
        ])
        .cases(request())
        .cases([code_challenge(), code_challenge_method()])
        .cases(life())
}

fn minimal() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "client_id": CLIENT,
        "user_id": USER,
        "auth_time": NOON,
        "issued_at": NOON,
        "expires_at": "2026-11-23T12:01:00Z",
    })
}

/// A code that was used.
fn full() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "client_id": CLIENT,
        "user_id": USER,
        "session_id": SESSION,
        "redirect_uri": "https://client.example/callback",
        "scopes": ["openid"],
        "resources": ["https://api.example/"],
        "authorization_details": [{ "type": "payment" }],
        "code_challenge": thumbprint(),
        "code_challenge_method": "S256",
        "nonce": "n-0S6_WzA2Mj",
        "auth_time": NOON,
        "acr": "urn:mace:incommon:iap:silver",
        "amr": ["pwd", "otp"],
        "requested_claims": { "id_token": { "email": null } },
        "dpop_jkt": thumbprint(),
        "issued_at": NOON,
        "expires_at": "2026-11-23T12:01:00Z",
        "consumed_at": "2026-11-23T12:00:10Z",
        "access_token_id": UNKNOWN,
        "refresh_token_id": FAMILY,
        "client_epoch": 3,
        "user_epoch": 2,
    })
}

fn request() -> Vec<About> {
    let details = "ck_authorization_codes_authorization_details";
    vec![
        sha256("ck_authorization_codes_digest", "digest"),
        about("ck_authorization_codes_redirect_uri")
            .refuses("redirect_uri", [""])
            .refuses("redirect_uri", NO_URIS)
            .refuses("redirect_uri", SCRIPTS)
            .accepts("redirect_uri", uris())
            .accepts("redirect_uri", NO_SCRIPTS)
            .accepts("redirect_uri", [Value::Null]),
        scope_list("ck_authorization_codes_scopes", "scopes"),
        uri_list("ck_authorization_codes_resources", "resources"),
        authorization_details(details, "authorization_codes", "authorization_details"),
        text("ck_authorization_codes_nonce", "nonce", 1000),
        text("ck_authorization_codes_acr", "acr", 255),
        scope_list("ck_authorization_codes_amr", "amr"),
        json_object("ck_authorization_codes_requested_claims", "authorization_codes", "requested_claims"),
        base64url_thumbprint("ck_authorization_codes_dpop_jkt", "dpop_jkt"),
        about("idx_authorization_codes_session_id")
            .holds(json!({ "session_id": SESSION }))
            .leaves_out(json!({ "session_id": null })),
        about("idx_authorization_codes_user_id")
            .leaves_out(json!({ "authorization_details": null, "requested_claims": null }))
            .holds(json!({ "authorization_details": [{ "type": "payment" }], "requested_claims": null }))
            .holds(json!({ "authorization_details": null, "requested_claims": {} })),
    ]
}

fn code_challenge() -> About {
    let s256 = base64url_thumbprint("ck_authorization_codes_code_challenge", "code_challenge")
        .refuses("code_challenge", ["~".repeat(43), "a".repeat(44), "a".repeat(128)])
        .with(&json!({ "code_challenge_method": "S256" }));
    let plain = about("ck_authorization_codes_code_challenge")
        .refuses("code_challenge", [0, 1, 42, 129].map(|length| "a".repeat(length)))
        .refuses("code_challenge", ["+", "/", "=", " ", "\n", "é"].map(|end| "a".repeat(50) + end))
        .accepts("code_challenge", [43, 128].map(|length| "a".repeat(length)))
        .accepts(
            "code_challenge",
            [".", "_", "~", "-", "A", "M", "Z", "a", "m", "z", "0", "5", "9"].map(|end| "a".repeat(42) + end),
        )
        .with(&json!({ "code_challenge_method": "plain" }));
    s256.and(plain)
}

fn code_challenge_method() -> About {
    let columns = [("code_challenge", thumbprint()), ("code_challenge_method", json!("S256"))];
    together("ck_authorization_codes_code_challenge_method", columns)
}

fn life() -> Vec<About> {
    vec![
        about("ck_authorization_codes_expires_at")
            .refuses("expires_at", [NOON, BEFORE_NOON, "2026-11-23T12:10:00.000001Z", "infinity"])
            .refuses_row(json!({ "issued_at": "-infinity" }))
            .refuses_row(json!({ "issued_at": "infinity", "expires_at": "infinity" }))
            .accepts("expires_at", [AN_INSTANT_LATER, "2026-11-23T12:10:00Z"]),
        about("ck_authorization_codes_consumed")
            .refuses_row(json!({ "access_token_id": UNKNOWN }))
            .refuses_row(json!({ "refresh_token_id": FAMILY }))
            .refuses_row(json!({ "access_token_id": UNKNOWN, "refresh_token_id": FAMILY }))
            .refuses("consumed_at", ["2026-11-23T12:01:00.000001Z", "2026-11-23T12:02:00Z"])
            .accepts("consumed_at", [AN_INSTANT_LATER, "2026-11-23T12:01:00Z"])
            .accepts("consumed_at", [Value::Null])
            .on("full")
            .refuses("consumed_at", [Value::Null])
            .refuses_row(json!({ "consumed_at": null, "refresh_token_id": null }))
            .refuses_row(json!({ "consumed_at": null, "access_token_id": null }))
            .refuses("consumed_at", ["2026-11-23T12:01:00.000001Z"])
            .accepts_row(json!({ "consumed_at": null, "access_token_id": null, "refresh_token_id": null }))
            .accepts("consumed_at", ["2026-11-23T12:01:00Z"])
            .accepts("refresh_token_id", [Value::Null])
            .accepts("access_token_id", [Value::Null]),
        about("code_challenge_method").refuses("code_challenge_method", ["s256", "Plain", "none", "S512"]),
    ]
}
