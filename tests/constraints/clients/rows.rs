use serde_json::{Value, json};

use crate::constraints::fixtures::{ID, NOON, ONE, USER, digest, other_digest};

/// An app in a browser or on a phone.
pub(super) fn public() -> Value {
    json!({
        "id": ID,
        "client_id": "app",
        "name": "App",
        "client_type": "public",
        "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://client.example/callback"],
    })
}

/// A web server with a secret, and everything that such a client can have.
pub(super) fn full() -> Value {
    json!({
        "id": ID,
        "client_id": "web",
        "name": "Web",
        "description": "A web server",
        "logo_uri": "https://client.example/logo.png",
        "client_uri": "https://client.example",
        "policy_uri": "https://client.example/policy",
        "tos_uri": "https://client.example/terms",
        "contacts": ["ops@client.example"],
        "client_type": "confidential",
        "token_endpoint_auth_method": "client_secret_basic",
        "secret_digest": digest(),
        "previous_secret_digest": other_digest(),
        "previous_secret_expires_at": ONE,
        "jwks": { "keys": [public_key()] },
        "redirect_uris": ["https://client.example/callback"],
        "post_logout_redirect_uris": ["https://client.example/bye"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "allowed_scopes": ["openid"],
        "require_pkce": false,
        "allow_plain_code_challenge": true,
        "require_pushed_authorization_requests": true,
        "dpop_bound_access_tokens": true,
        "tls_client_certificate_bound_access_tokens": true,
        "authorization_code_ttl": 60,
        "access_token_ttl": 300,
        "refresh_token_ttl": 3600,
        "refresh_token_absolute_ttl": 86400,
        "device_code_ttl": 300,
        "owner_id": USER,
        "tokens_revoked_before": NOON,
        "revocation_epoch": 3,
        "disabled_at": NOON,
        "created_at": NOON,
        "updated_at": NOON,
    })
}

/// A client that signs its assertions (RFC 7523).
pub(super) fn signing() -> Value {
    json!({
        "id": ID,
        "client_id": "signing",
        "name": "Signing",
        "client_type": "confidential",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://client.example/jwks.json",
        "redirect_uris": ["https://client.example/callback"],
    })
}

/// A client with a certificate that an authority has issued (RFC 8705 §2.1).
pub(super) fn mutual_tls() -> Value {
    json!({
        "id": ID,
        "client_id": "mutual_tls",
        "name": "Mutual TLS",
        "client_type": "confidential",
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=client.example",
        "redirect_uris": ["https://client.example/callback"],
    })
}

/// A machine that acts for itself.
pub(super) fn machine() -> Value {
    json!({
        "id": ID,
        "client_id": "machine",
        "name": "Machine",
        "client_type": "confidential",
        "token_endpoint_auth_method": "client_secret_post",
        "secret_digest": digest(),
        "grant_types": ["client_credentials"],
        "response_types": [],
    })
}

pub(super) fn public_key() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "kid": "1",
        "x": "WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis",
        "y": "y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE",
    })
}
