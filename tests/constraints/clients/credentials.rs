use serde_json::{Value, json};

use super::rows::public_key;
use crate::constraints::case::{About, about};
use crate::constraints::fixtures::{ONE, digest, other_digest};
use crate::constraints::shapes::{one_line, sha256, web_uri};

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
        sha256("ck_clients_previous_secret_digest", "previous_secret_digest")
            .with(&json!({ "secret_digest": other_digest() }))
            .moved_to("full"),
        about("ck_clients_previous_secret")
            .on("full")
            .refuses("previous_secret_digest", [Value::Null])
            .refuses("previous_secret_expires_at", [Value::Null])
            // The secret has to be another one than before.
            .refuses("previous_secret_digest", [digest()])
            .refuses("secret_digest", [other_digest()])
            .accepts_row(json!({ "previous_secret_digest": null, "previous_secret_expires_at": null }))
            .accepts_row(json!({ "secret_digest": other_digest(), "previous_secret_digest": digest() }))
            .on("machine")
            .refuses("previous_secret_digest", [other_digest()])
            .accepts_row(
                json!({ "previous_secret_digest": other_digest(), "previous_secret_expires_at": ONE }),
            )
            .on("signing")
            .refuses_row(json!({ "previous_secret_digest": digest(), "previous_secret_expires_at": ONE }))
            .on("minimal")
            .refuses_row(json!({ "previous_secret_digest": digest(), "previous_secret_expires_at": ONE }))
            .refuses_row(json!({ "previous_secret_expires_at": ONE })),
        one_line("ck_clients_tls_client_auth_subject_dn", "tls_client_auth_subject_dn", 2000)
            .moved_to("mutual_tls"),
        about("ck_clients_tls_client_auth")
            .refuses("tls_client_auth_subject_dn", ["CN=client.example"])
            .on("signing")
            .refuses("tls_client_auth_subject_dn", ["CN=client.example"])
            .on("mutual_tls")
            .refuses("tls_client_auth_subject_dn", [Value::Null])
            .accepts("tls_client_auth_subject_dn", ["CN=client.example,O=Example,C=DE"]),
    ]
}

pub(super) fn keys() -> Vec<About> {
    let private = PRIVATE.map(|member| key_with(member, &json!("AQAB")));
    vec![
        about("ck_clients_jwks")
            .refuses(
                "jwks",
                [json!({}), json!([]), json!([{ "keys": [public_key()] }]), json!("keys"), json!(1)],
            )
            .refuses("jwks", [json!({ "keys": null }), json!({ "keys": {} }), json!({ "keys": "" })])
            .refuses(
                "jwks",
                [json!({ "keys": public_key() }), public_key(), json!({ "Keys": [public_key()] })],
            )
            .refuses("jwks", [json!({ "keys": [] })])
            .refuses_then(json!({}), "UPDATE clients SET jwks = 'null'")
            .refuses("jwks", no_keys().map(|key| key_set(&[key])))
            .refuses("jwks", no_keys().map(|key| key_set(&[public_key(), key])))
            .refuses("jwks", no_keys().map(|key| key_set(&[key, public_key()])))
            .refuses("jwks", [key_set(&[json!({ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMko" })])])
            .refuses("jwks", private.clone().map(|key| key_set(&[key])))
            .refuses("jwks", private.clone().map(|key| key_set(&[public_key(), key])))
            .refuses("jwks", private.map(|key| key_set(&[key_with("next", &key)])))
            .refuses("jwks", PRIVATE.map(|member| json!({ "keys": [public_key()], member: "AQAB" })))
            .refuses("jwks", [key_set(&[json!({ "kty": "EC", "d": null })])])
            .accepts("jwks", [key_set(&[public_key()]), key_set(&[public_key(), rsa_key(), public_key()])])
            .accepts("jwks", PRIVATE.map(|member| key_set(&[key_with("kid", &json!(member))])))
            .accepts("jwks", [key_set(&[json!({ "kty": "OKP" })]), key_set(&[key_with("D", &json!("x"))])])
            .accepts("jwks", [json!({ "keys": [public_key()], "issued_by": "client.example" }), Value::Null]),
        web_uri("ck_clients_jwks_uri", "jwks_uri", &["https"])
            .refuses("jwks_uri", ["http://client.example/jwks.json"]),
        about("ck_clients_keys")
            .refuses_row(
                json!({ "jwks": key_set(&[public_key()]), "jwks_uri": "https://client.example/jwks.json" }),
            )
            .accepts_row(json!({ "jwks": key_set(&[public_key()]) }))
            .accepts_row(json!({ "jwks_uri": "https://client.example/jwks.json" })),
        about("ck_clients_keys_present")
            .on("signing")
            .refuses("jwks_uri", [Value::Null])
            .refuses_row(
                json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": null }),
            )
            .accepts_row(json!({ "jwks_uri": null, "jwks": key_set(&[public_key()]) }))
            .accepts_row(json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth" }))
            .on("mutual_tls")
            .accepts_row(json!({ "jwks": null, "jwks_uri": null })),
    ]
}

/// Members of private and symmetric keys (RFC 7518 §6).
const PRIVATE: [&str; 9] = ["d", "k", "p", "priv", "q", "dp", "dq", "qi", "oth"];

/// What is no key, for it does not say of which type it is.
fn no_keys() -> [Value; 12] {
    [
        json!("key"),
        json!(1),
        json!(null),
        json!([]),
        json!([public_key()]),
        json!({}),
        json!({ "Kty": "EC" }),
        json!({ "a": { "kty": "EC" } }),
        json!({ "kty": null }),
        json!({ "kty": 1 }),
        json!({ "kty": { "kty": "EC" } }),
        json!({ "kty": ["EC"] }),
    ]
}

fn key_set(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

/// A key with a further member.
fn key_with(member: &str, value: &Value) -> Value {
    let mut key = public_key();
    key[member] = value.clone();
    key
}

fn rsa_key() -> Value {
    json!({
        "kty": "RSA",
        "alg": "RS256",
        "kid": "2",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4",
        "e": "AQAB",
    })
}
