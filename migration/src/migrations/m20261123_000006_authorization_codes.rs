//! Codes on their way from the authorization endpoint to the token endpoint.

use sea_query::ForeignKeyAction;

use crate::Migration;
use crate::ddl::{
    Script, URI, authorization_details, binary, enumeration_null, json_binary_null, json_object, length,
    scope_list, sha256, table, text_array, text_null, thumbprint, timestamptz, timestamptz_null, together,
    uri_list, uuid, uuid_null,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
        .create_enum(
            "code_challenge_method",
            &["S256", "plain"],
            "How a PKCE challenge is made from its verifier (RFC 7636 section 4.2).",
        )
        .create_table(
            table("authorization_codes", "Authorization codes (RFC 6749 section 4.1), partitioned by day. A used code stays until its partition is dropped, so that a replay is recognised.")
                .column(uuid("id").comment("UUIDv7, made by the application; the selector part of the code, and the day of its partition."))
                .column(binary("digest").comment("SHA-256 of the secret part of the code."))
                .column(uuid("client_id").comment("The client that the code was issued to."))
                .column(uuid("user_id").comment("Who granted it."))
                .column(uuid_null("session_id").comment("The session in which it was granted."))
                .column(text_null("redirect_uri").comment("redirect_uri of the authorization request, which the token request has to repeat; null when the request had none."))
                .column(text_array("scopes").comment("What was granted."))
                .column(text_array("resources").comment("Resource indicators of the request (RFC 8707)."))
                .column(json_binary_null("authorization_details").comment("RFC 9396 authorization_details of the grant."))
                .column(text_null("code_challenge").comment("PKCE challenge (RFC 7636)."))
                .column(enumeration_null("code_challenge_method", "code_challenge_method").comment("PKCE method (RFC 7636)."))
                .column(text_null("nonce").comment("nonce of the request, for the ID token (OpenID Connect Core 3.1.2.1)."))
                .column(timestamptz("auth_time").comment("When the person proved who they are."))
                .column(text_null("acr").comment("Authentication context class reference."))
                .column(text_array("amr").comment("Authentication method references."))
                .column(json_binary_null("requested_claims").comment("claims parameter of the request (OpenID Connect Core 5.5)."))
                .column(text_null("dpop_jkt").comment("Thumbprint of the DPoP key that the exchange has to prove (RFC 9449 section 10)."))
                .column(timestamptz("issued_at"))
                .column(timestamptz("expires_at").comment("At most ten minutes after it was issued (RFC 6749 section 4.1.2)."))
                .column(timestamptz_null("consumed_at").comment("When it was exchanged; a second exchange is a replay."))
                .column(uuid_null("access_token_id").comment("Access token that the exchange issued, revoked on replay. No foreign key: the partitions of that table are dropped on their own schedule."))
                .column(uuid_null("refresh_token_id").comment("Family that the exchange started, revoked on replay. No foreign key: only ever followed by primary key, and an exchange has to stay off every index."))
                .primary_key_uuid_v7()
.finite_times()
                .references_unindexed("client_id", "clients", "a client is disabled, never deleted, and nothing looks codes up by client.")
                .references_unindexed("user_id", "users", "a user is erased, never deleted, and nothing looks codes up by user.")
                .references("session_id", "sessions", ForeignKeyAction::Cascade)
                .check("digest", sha256("digest"))
                .check("redirect_uri", format!("redirect_uri ~ '^{URI}$' AND redirect_uri !~* '^(javascript|data|vbscript):'"))
                .check("scopes", scope_list("scopes"))
                .check("resources", uri_list("resources"))
                .check("authorization_details", authorization_details("authorization_details"))
                .check("code_challenge", "code_challenge ~ (CASE code_challenge_method WHEN 'S256' THEN '^[A-Za-z0-9_-]{43}$' ELSE '^[A-Za-z0-9._~-]{43,128}$' END)")
                .check("code_challenge_method", together(&["code_challenge", "code_challenge_method"]))
                .check("nonce", length("nonce", 1000))
                .check("acr", length("acr", 255))
                .check("amr", scope_list("amr"))
                .check("requested_claims", json_object("requested_claims"))
                .check("dpop_jkt", thumbprint("dpop_jkt"))
                .check("expires_at", "expires_at > issued_at AND expires_at <= issued_at + interval '10 minutes'")
                .check("consumed", "CASE WHEN consumed_at IS NULL THEN num_nonnulls(access_token_id, refresh_token_id) = 0 ELSE consumed_at <= expires_at END")
                .index_where_set("session_id")
                .partition_by_range("id")
                // An exchange rewrites unindexed columns of its row once.
                .storage("fillfactor = 85"),
        )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"authorization_codes\"").sql("DROP TYPE \"code_challenge_method\"")
}
