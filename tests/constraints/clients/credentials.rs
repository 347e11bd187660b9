use serde_json::{Value, json};

use super::rows::public_key;
use crate::constraints::case::{About, about};
use crate::constraints::fixtures::{ONE, digest};
use crate::constraints::shapes::{sha256, web_uri};

pub(super) fn authentication() -> Vec<About> {
    vec![
        about("ck_clients_public")
            .refuses_row(
                json!({ "token_endpoint_auth_method": "client_secret_basic", "secret_digest": digest() }),
            )
            .refuses_row(
                json!({ "token_endpoint_auth_method": "client_secret_post", "secret_digest": digest() }),
            )
            .refuses_row(json!({
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks_uri": "https://client.example/jwks.json",
            }))
            .accepts_row(json!({ "client_type": "public", "token_endpoint_auth_method": "none" })),
        about("ck_clients_confidential")
            .refuses_row(json!({ "client_type": "confidential", "token_endpoint_auth_method": "none" }))
            .on("full")
            .accepts("token_endpoint_auth_method", ["client_secret_basic", "client_secret_post"]),
        about("ck_clients_secret")
            .refuses_row(json!({ "secret_digest": digest() }))
            .on("full")
            .refuses_row(json!({
                "secret_digest": null,
                "previous_secret_digest": null,
                "previous_secret_expires_at": null,
            }))
            .on("machine")
            .refuses("secret_digest", [Value::Null])
            .on("signing")
            .refuses("secret_digest", [digest()])
            .accepts("secret_digest", [Value::Null])
            .on("mutual_tls")
            .refuses("secret_digest", [digest()])
            .accepts("secret_digest", [Value::Null]),
        sha256("ck_clients_secret_digest", "secret_digest").moved_to("machine"),
        sha256("ck_clients_previous_secret_digest", "previous_secret_digest").moved_to("full"),
        about("ck_clients_previous_secret")
            .on("full")
            .refuses("previous_secret_digest", [Value::Null])
            .refuses("previous_secret_expires_at", [Value::Null])
            .accepts_row(json!({ "previous_secret_digest": null, "previous_secret_expires_at": null }))
            .on("signing")
            .refuses_row(json!({ "previous_secret_digest": digest(), "previous_secret_expires_at": ONE }))
            .on("minimal")
            .refuses_row(json!({ "previous_secret_digest": digest(), "previous_secret_expires_at": ONE }))
            .refuses_row(json!({ "previous_secret_expires_at": ONE })),
        about("ck_clients_tls_client_auth_subject_dn")
            .refuses("tls_client_auth_subject_dn", ["CN=client.example"])
            .on("signing")
            .refuses("tls_client_auth_subject_dn", ["CN=client.example"])
            .on("mutual_tls")
            .refuses("tls_client_auth_subject_dn", [Value::Null])
            .accepts("tls_client_auth_subject_dn", ["CN=client.example,O=Example,C=DE"]),
    ]
}

pub(super) fn keys() -> Vec<About> {
    let key_set = |key: Value| json!({ "keys": [key] });
    vec![
        about("ck_clients_jwks")
            .refuses("jwks", [json!({}), json!([]), json!([{ "keys": [] }]), json!("keys"), json!(1)])
            .refuses("jwks", [json!({ "keys": null }), json!({ "keys": {} }), json!({ "keys": "" })])
            .refuses("jwks", [json!({ "keys": public_key() }), public_key()])
            .refuses_then(json!({}), "UPDATE clients SET jwks = 'null'")
            .refuses("jwks", [key_set(key_with("d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"))])
            .refuses("jwks", [key_set(json!({ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMko" }))])
            .refuses("jwks", [json!({ "keys": [public_key(), key_with("d", "")] })])
            .refuses("jwks", [json!({ "keys": [public_key(), key_with("k", "")] })])
            .refuses("jwks", [json!({ "keys": [{ "kty": "EC", "d": null }] })])
            .accepts("jwks", [key_set(public_key()), json!({ "keys": [public_key(), public_key()] })])
            .accepts("jwks", [key_set(key_with("kid", "d"))]),
        web_uri("ck_clients_jwks_uri", "jwks_uri", &["https"])
            .refuses("jwks_uri", ["http://client.example/jwks.json"]),
        about("ck_clients_keys")
            .refuses_row(
                json!({ "jwks": key_set(public_key()), "jwks_uri": "https://client.example/jwks.json" }),
            )
            .accepts_row(json!({ "jwks": key_set(public_key()) }))
            .accepts_row(json!({ "jwks_uri": "https://client.example/jwks.json" })),
        about("ck_clients_keys_present")
            .on("signing")
            .refuses("jwks_uri", [Value::Null])
            .refuses_row(
                json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": null }),
            )
            .accepts_row(json!({ "jwks_uri": null, "jwks": key_set(public_key()) }))
            .accepts_row(json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth" }))
            .on("mutual_tls")
            .accepts_row(json!({ "jwks": null, "jwks_uri": null })),
    ]
}

/// A key with a further member.
fn key_with(member: &str, value: &str) -> Value {
    let mut key = public_key();
    key[member] = json!(value);
    key
}
