use serde_json::{Value, json};

use super::case::OnDelete::{Cascade, Restrict};
use super::case::{About, Table, about};
use super::fixtures::{
    AN_INSTANT_LATER, BEFORE_NOON, CLIENT, ID, NOON, ONE, OTHER_ID, SESSION, USER, digest, octets,
    other_digest, thumbprint,
};
use super::shapes::{
    authorization_details, base64url_thumbprint, scope_list, sha256, text, together, uri_list,
};

pub(super) fn table() -> Table {
    Table::new("refresh_tokens", minimal())
        .row("full", full())
        .row("certificate", certificate())
        .another(json!({ "id": OTHER_ID }))
        .foreign_keys([
            ("fk_refresh_tokens_client_id", Restrict),
            ("fk_refresh_tokens_user_id", Restrict),
            ("fk_refresh_tokens_session_id", Cascade),
        ])
        .cases(secrets())
        .cases(grant())
        .cases(times())
}

/// A family that was never rotated.
fn minimal() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "lineage_digest": digest(),
        "client_id": CLIENT,
        "user_id": USER,
        "auth_time": NOON,
        "issued_at": NOON,
        "idle_expires_at": "2026-11-23T12:30:00Z",
        "expires_at": ONE,
    })
}

/// A family that was rotated, bound to a key (RFC 9449), and revoked.
fn full() -> Value {
    json!({
        "id": ID,
        "digest": digest(),
        "lineage_digest": digest(),
        "previous_digest": other_digest(),
        "sealed_successor": octets(92),
        "generation": 3,
        "rotated_at": NOON,
        "client_id": CLIENT,
        "user_id": USER,
        "session_id": SESSION,
        "scopes": ["openid", "offline_access"],
        "resources": ["https://api.example/"],
        "authorization_details": [{ "type": "payment" }],
        "dpop_jkt": thumbprint(),
        "auth_time": NOON,
        "acr": "urn:mace:incommon:iap:silver",
        "amr": ["pwd"],
        "issued_at": NOON,
        "idle_expires_at": "2026-11-23T12:30:00Z",
        "expires_at": ONE,
        "revoked_at": NOON,
        "revocation_reason": "refresh_token_reuse",
        "client_epoch": 3,
        "user_epoch": 2,
    })
}

/// A family that is bound to a certificate.
fn certificate() -> Value {
    let mut row = minimal();
    row["x5t_s256"] = thumbprint();
    row
}

fn secrets() -> Vec<About> {
    let lengths = |counts: [usize; 4]| counts.map(octets);
    vec![
        sha256("ck_refresh_tokens_digest", "digest"),
        sha256("ck_refresh_tokens_lineage_digest", "lineage_digest"),
        sha256("ck_refresh_tokens_previous_digest", "previous_digest")
            .with(&json!({ "digest": other_digest() }))
            .moved_to("full"),
        about("ck_refresh_tokens_sealed_successor")
            .on("full")
            .refuses("sealed_successor", lengths([0, 32, 47, 257]))
            .accepts("sealed_successor", lengths([48, 60, 92, 256]))
            .accepts("sealed_successor", [Value::Null]),
        about("ck_refresh_tokens_generation")
            .on("full")
            .refuses("generation", [-1, i32::MIN])
            .accepts("generation", [1, i32::MAX])
            .on("minimal")
            .accepts("generation", [0]),
        about("ck_refresh_tokens_rotation")
            .refuses("generation", [1])
            .refuses_row(json!({ "rotated_at": NOON }))
            .refuses_row(json!({ "previous_digest": other_digest() }))
            .refuses_row(json!({ "sealed_successor": octets(92) }))
            .refuses_row(json!({ "rotated_at": NOON, "previous_digest": other_digest() }))
            .refuses_row(json!({ "generation": 1, "rotated_at": NOON }))
            .refuses_row(json!({ "generation": 1, "previous_digest": other_digest() }))
            .refuses_row(json!({ "generation": 1, "rotated_at": NOON, "sealed_successor": octets(92) }))
            // The secret has to be another one than before.
            .refuses_row(json!({ "generation": 1, "rotated_at": NOON, "previous_digest": digest() }))
            .accepts_row(json!({ "generation": 1, "rotated_at": NOON, "previous_digest": other_digest() }))
            .on("full")
            .refuses("generation", [0])
            .refuses("rotated_at", [Value::Null])
            .refuses("previous_digest", [Value::Null, digest()])
            .refuses("digest", [other_digest()])
            .accepts("sealed_successor", [Value::Null])
            .accepts_row(json!({
                "generation": 0,
                "rotated_at": null,
                "previous_digest": null,
                "sealed_successor": null,
            })),
    ]
}

fn grant() -> Vec<About> {
    vec![
        scope_list("ck_refresh_tokens_scopes", "scopes"),
        uri_list("ck_refresh_tokens_resources", "resources"),
        authorization_details(
            "ck_refresh_tokens_authorization_details",
            "refresh_tokens",
            "authorization_details",
        ),
        base64url_thumbprint("ck_refresh_tokens_dpop_jkt", "dpop_jkt"),
        base64url_thumbprint("ck_refresh_tokens_x5t_s256", "x5t_s256"),
        about("ck_refresh_tokens_binding")
            .refuses_row(json!({ "dpop_jkt": thumbprint(), "x5t_s256": thumbprint() }))
            .accepts("dpop_jkt", [thumbprint()])
            .accepts("x5t_s256", [thumbprint()]),
        text("ck_refresh_tokens_acr", "acr", 255),
        scope_list("ck_refresh_tokens_amr", "amr"),
        about("idx_refresh_tokens_session_id")
            .holds(json!({ "session_id": SESSION }))
            .leaves_out(json!({ "session_id": null })),
    ]
}

fn times() -> Vec<About> {
    let revocation = [("revoked_at", json!(NOON)), ("revocation_reason", json!("code_replay"))];
    vec![
        about("ck_refresh_tokens_expires_at")
            .refuses_row(json!({ "expires_at": NOON, "idle_expires_at": NOON }))
            .refuses_row(json!({ "expires_at": BEFORE_NOON, "idle_expires_at": BEFORE_NOON }))
            .accepts_row(json!({ "expires_at": AN_INSTANT_LATER, "idle_expires_at": AN_INSTANT_LATER }))
            // The other condition of `idle_expires_at` refuses the same rows.
            .alone(),
        about("ck_refresh_tokens_idle_expires_at")
            .refuses("idle_expires_at", ["2026-11-23T13:00:00.000001Z", NOON, BEFORE_NOON])
            .accepts("idle_expires_at", [ONE, AN_INSTANT_LATER]),
        together("ck_refresh_tokens_revoked", revocation),
        about("revocation_reason").refuses("revocation_reason", ["expired"]),
    ]
}
