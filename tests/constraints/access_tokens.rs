use serde_json::{Value, json};

use super::case::{About, Table, about};
use super::fixtures::{
    AN_INSTANT_LATER, BEFORE_NOON, CLIENT, FAMILY, ID, NOON, ONE, OTHER_ID, SESSION, USER, digest, thumbprint,
};
use super::shapes::{
    authorization_details, base64url_thumbprint, printable_list, scope_list, sha256, text, together, uri_list,
};

pub(super) fn table() -> Table {
    Table::new("access_tokens", minimal())
        .row("full", full())
        .row("certificate", certificate())
        .row("without a family", without_a_family())
        .another(json!({ "id": OTHER_ID }))
        .cases(cases())
}

/// A JWT that a client has obtained for itself.
fn minimal() -> Value {
    json!({ "id": ID, "client_id": CLIENT, "issued_at": NOON, "expires_at": ONE })
}

/// An opaque token on behalf of a user, bound to a key (RFC 9449), and revoked.
fn full() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "client_id": CLIENT,
        "user_id": USER,
        "session_id": SESSION,
        "refresh_token_id": FAMILY,
        "scopes": ["openid", "api:read"],
        "audience": ["https://api.example/"],
        "resources": ["https://api.example/"],
        "authorization_details": [{ "type": "payment" }],
        "dpop_jkt": thumbprint(),
        "actor": { "sub": "admin", "act": { "sub": "support" } },
        "issued_at": NOON,
        "expires_at": ONE,
        "revoked_at": NOON,
        "revocation_reason": "client_request",
        "client_epoch": 3,
        "user_epoch": 2,
    })
}

/// A token that is bound to a certificate.
fn certificate() -> Value {
    let mut row = minimal();
    row["x5t_s256"] = thumbprint();
    row
}

/// A token that says itself what its user had proved.
fn without_a_family() -> Value {
    let mut row = minimal();
    row["user_id"] = json!(USER);
    row["session_id"] = json!(SESSION);
    row["auth_time"] = json!(NOON);
    row["acr"] = json!("urn:mace:incommon:iap:silver");
    row
}

fn cases() -> Vec<About> {
    let revocation = [("revoked_at", json!(NOON)), ("revocation_reason", json!("administrator"))];
    vec![
        sha256("ck_access_tokens_digest", "digest").accepts("digest", [Value::Null]),
        about("ck_access_tokens_user")
            .refuses_row(json!({ "session_id": SESSION }))
            .refuses_row(json!({ "refresh_token_id": FAMILY }))
            .accepts_row(json!({ "user_id": USER }))
            .on("full")
            .refuses("user_id", [Value::Null])
            .accepts_row(json!({ "user_id": null, "session_id": null, "refresh_token_id": null })),
        scope_list("ck_access_tokens_scopes", "scopes"),
        printable_list("ck_access_tokens_audience", "audience"),
        uri_list("ck_access_tokens_resources", "resources"),
        authorization_details(
            "ck_access_tokens_authorization_details",
            "access_tokens",
            "authorization_details",
        ),
        base64url_thumbprint("ck_access_tokens_dpop_jkt", "dpop_jkt"),
        base64url_thumbprint("ck_access_tokens_x5t_s256", "x5t_s256"),
        about("ck_access_tokens_binding")
            .refuses_row(json!({ "dpop_jkt": thumbprint(), "x5t_s256": thumbprint() }))
            .accepts("dpop_jkt", [thumbprint()])
            .accepts("x5t_s256", [thumbprint()]),
        about("ck_access_tokens_actor")
            .refuses(
                "actor",
                [json!({}), json!([]), json!("sub"), json!("{\"sub\": \"a\"}"), json!(1), json!(true)],
            )
            .refuses("actor", [json!(["sub"]), json!([{ "sub": "admin" }])])
            .refuses(
                "actor",
                [json!(null), json!(1), json!(true), json!(["admin"]), json!({ "sub": "admin" })]
                    .map(|sub| json!({ "sub": sub })),
            )
            .refuses("actor", [json!({ "Sub": "admin" }), json!({ "act": { "sub": "admin" } })])
            .refuses_then(json!({}), "UPDATE access_tokens SET actor = 'null'")
            .accepts(
                "actor",
                [json!({ "sub": "admin" }), json!({ "sub": "admin", "act": { "sub": "support" } })],
            )
            .accepts("actor", [json!({ "iss": "https://issuer.example", "sub": "admin" }), Value::Null]),
        about("ck_access_tokens_expires_at")
            .refuses("expires_at", [NOON, BEFORE_NOON, "2026-11-24T12:00:00.000001Z", "2026-11-25T12:00:00Z"])
            .accepts("expires_at", [AN_INSTANT_LATER, "2026-11-24T12:00:00Z"]),
        about("ck_access_tokens_auth_time")
            .refuses_row(json!({ "auth_time": NOON }))
            .refuses_row(json!({ "acr": "2" }))
            .on("without a family")
            .refuses("auth_time", [Value::Null])
            .refuses("refresh_token_id", [FAMILY])
            .refuses_row(json!({ "user_id": null, "session_id": null }))
            .accepts("acr", [Value::Null])
            .accepts("session_id", [Value::Null])
            .accepts_row(json!({ "auth_time": null, "acr": null }))
            .accepts_row(json!({ "auth_time": null, "acr": null, "refresh_token_id": FAMILY }))
            .on("full")
            .refuses_row(json!({ "auth_time": NOON }))
            .refuses_row(json!({ "acr": "2" })),
        text("ck_access_tokens_acr", "acr", 255).moved_to("without a family"),
        together("ck_access_tokens_revoked", revocation),
        about("revocation_reason").refuses("revocation_reason", ["expired"]),
    ]
}
