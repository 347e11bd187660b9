//! The applications that ask for tokens.

use sea_query::{Expr, ForeignKeyAction};

use crate::Migration;
use crate::ddl::{
    Script, binary_null, enumeration, enumeration_array, flag, integer_null, json_binary_null, length, list,
    one_line, plain_list, scope_list, sha256, table, text, text_array, text_null, timestamptz_now,
    timestamptz_null, together, uri_list, uuid, uuid_null, web_uri,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

#[expect(clippy::too_many_lines, reason = "one table, read from top to bottom")]
fn up() -> Script {
    Script::new()
        .create_enum(
            "client_type",
            &["public", "confidential"],
            "Whether a client can keep a secret (RFC 6749 section 2.1).",
        )
        .create_enum(
            "grant_type",
            &[
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            "How a client may obtain a token (RFC 6749 section 1.3, RFC 8628, RFC 8693). The password and implicit grants are left out on purpose (RFC 9700 sections 2.1.2 and 2.4).",
        )
        .create_enum(
            "response_type",
            &["code", "id_token", "code id_token"],
            "What the authorization endpoint may answer. Types that return an access token there are left out on purpose (RFC 9700 section 2.1.2).",
        )
        .create_enum(
            "token_endpoint_auth_method",
            &[
                "none",
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
                "tls_client_auth",
                "self_signed_tls_client_auth",
            ],
            "How a client proves who it is (RFC 7591, RFC 8705). client_secret_jwt is left out on purpose: it needs the secret itself, and only a digest is stored.",
        )
        .create_table(
            table("clients", "OAuth clients (RFC 7591). A row is never deleted: a client that is done with is disabled.")
                .column(uuid("id").comment("UUIDv7, made by the application; what other tables refer to."))
                .column(text("client_id").comment("Public identifier that the client sends (RFC 6749 section 2.2)."))
                .column(text("name").comment("Name that people see on the consent page."))
                .column(text_null("description").comment("What the client is for."))
                .column(text_null("logo_uri").comment("RFC 7591 logo_uri."))
                .column(text_null("client_uri").comment("RFC 7591 client_uri."))
                .column(text_null("policy_uri").comment("RFC 7591 policy_uri."))
                .column(text_null("tos_uri").comment("RFC 7591 tos_uri."))
                .column(text_array("contacts").comment("RFC 7591 contacts: addresses of the people responsible."))
                .column(enumeration("client_type", "client_type").comment("Whether the client can keep a secret."))
                .column(enumeration("token_endpoint_auth_method", "token_endpoint_auth_method").comment("How the client proves who it is."))
                .column(binary_null("secret_digest").comment("SHA-256 of the client secret."))
                .column(binary_null("previous_secret_digest").comment("SHA-256 of the secret before this one, which stays valid for a while so that a rotation causes no outage."))
                .column(timestamptz_null("previous_secret_expires_at").comment("When the previous secret stops being valid."))
                .column(json_binary_null("jwks").comment("Public keys of the client (RFC 7517)."))
                .column(text_null("jwks_uri").comment("Where the public keys of the client are."))
                .column(text_null("tls_client_auth_subject_dn").comment("Subject of the certificate that a tls_client_auth client presents (RFC 8705 section 2.1.2)."))
                .column(text_array("redirect_uris").comment("Where a code may be sent; compared exactly (RFC 9700 section 2.1)."))
                .column(text_array("post_logout_redirect_uris").comment("Where a person may be sent after logging out (OpenID Connect RP-Initiated Logout)."))
                .column(enumeration_array("grant_types", "grant_type").default(Expr::cust("'{authorization_code}'")).comment("Grants that the client may use."))
                .column(enumeration_array("response_types", "response_type").default(Expr::cust("'{code}'")).comment("Answers that the client may ask of the authorization endpoint."))
                .column(text_array("allowed_scopes").comment("Scopes that the client may ask for."))
                .column(flag("require_pkce", true).comment("A code needs a PKCE challenge (RFC 7636, RFC 9700 section 2.1.1)."))
                .column(flag("allow_plain_code_challenge", false).comment("The PKCE method plain is accepted beside S256."))
                .column(flag("require_pushed_authorization_requests", false).comment("RFC 9126 section 6."))
                .column(flag("dpop_bound_access_tokens", false).comment("RFC 9449 section 5.2."))
                .column(flag("tls_client_certificate_bound_access_tokens", false).comment("RFC 8705 section 3.4."))
                .column(integer_null("authorization_code_ttl").comment("Lifetime of a code in seconds; null takes the setting."))
                .column(integer_null("access_token_ttl").comment("Lifetime of an access token in seconds; null takes the setting."))
                .column(integer_null("refresh_token_ttl").comment("Seconds after which an unused refresh token expires; null takes the setting."))
                .column(integer_null("refresh_token_absolute_ttl").comment("Seconds after which a refresh token expires however much it is used; null takes the setting."))
                .column(integer_null("device_code_ttl").comment("Lifetime of a device code in seconds; null takes the setting."))
                .column(uuid_null("owner_id").comment("The user who manages the client; null for one that the operators manage."))
                .column(timestamptz_null("tokens_revoked_before").comment("Every token of the client that was issued at or before this instant is revoked."))
                .column(timestamptz_null("disabled_at").comment("When the client was disabled: it gets no tokens, and those it has are inactive."))
                .column(timestamptz_now("created_at"))
                .column(timestamptz_now("updated_at"))
                .primary_key_uuid_v7()
.finite_times()
                .unique("client_id")
                .references("owner_id", "users", ForeignKeyAction::Restrict)
                .check("client_id", "client_id ~ '^[!-~]{1,255}$'")
                .check("name", one_line("name", 200))
                .check("description", length("description", 2000))
                .check("logo_uri", web_uri("logo_uri"))
                .check("client_uri", web_uri("client_uri"))
                .check("policy_uri", web_uri("policy_uri"))
                .check("tos_uri", web_uri("tos_uri"))
                .check("contacts", list("contacts", "[!-~ ]*"))
                .check("public", "client_type = 'confidential' OR token_endpoint_auth_method = 'none'")
                .check("confidential", "client_type = 'public' OR token_endpoint_auth_method <> 'none'")
                .check("secret", "(secret_digest IS NOT NULL) = (token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post'))")
                .check("secret_digest", sha256("secret_digest"))
                .check("previous_secret_digest", sha256("previous_secret_digest"))
                .check("previous_secret", format!("{} AND (previous_secret_digest IS NULL OR secret_digest IS NOT NULL) AND previous_secret_digest <> secret_digest", together(&["previous_secret_digest", "previous_secret_expires_at"])))
                .check("jwks", "jwks IS NULL OR (jsonb_typeof(jwks -> 'keys') IS NOT DISTINCT FROM 'array' AND jsonb_path_exists(jwks, '$.keys[*]') AND NOT jsonb_path_exists(jwks, 'strict $.keys[*] ? (@.type() <> \"object\")') AND NOT jsonb_path_exists(jwks, 'lax $.keys[*] ? (!(exists (@.kty)))') AND NOT jsonb_path_exists(jwks, 'strict $.keys[*] ? (@.kty.type() <> \"string\")') AND NOT jsonb_path_exists(jwks, '$.** ? (exists (@.d) || exists (@.k) || exists (@.p) || exists (@.q) || exists (@.dp) || exists (@.dq) || exists (@.qi) || exists (@.oth) || exists (@.priv))'))")
                .check("jwks_uri", "jwks_uri ~ '^https://[!-~]+$' AND char_length(jwks_uri) <= 2048")
                .check("keys", "num_nonnulls(jwks, jwks_uri) <= 1")
                .check("keys_present", "token_endpoint_auth_method NOT IN ('private_key_jwt', 'self_signed_tls_client_auth') OR num_nonnulls(jwks, jwks_uri) = 1")
                .check("tls_client_auth_subject_dn", one_line("tls_client_auth_subject_dn", 2000))
                .check("tls_client_auth", "(tls_client_auth_subject_dn IS NOT NULL) = (token_endpoint_auth_method = 'tls_client_auth')")
                .check("redirect_uris", uri_list("redirect_uris"))
                .check("redirect_uris_present", "NOT 'authorization_code' = ANY (grant_types) OR cardinality(redirect_uris) > 0")
                .check("post_logout_redirect_uris", uri_list("post_logout_redirect_uris"))
                .check("grant_types", format!("{} AND cardinality(grant_types) > 0", plain_list("grant_types")))
                .check("response_types", plain_list("response_types"))
                .check("code", "('authorization_code' = ANY (grant_types)) = (response_types && '{code,code id_token}')")
                .check("client_credentials", "NOT 'client_credentials' = ANY (grant_types) OR client_type = 'confidential'")
                .check("allowed_scopes", scope_list("allowed_scopes"))
                .check("public_requires_pkce", "client_type = 'confidential' OR require_pkce")
                .check("authorization_code_ttl", "authorization_code_ttl BETWEEN 1 AND 600")
                .check("access_token_ttl", "access_token_ttl BETWEEN 1 AND 86400")
                .check("refresh_token_ttl", "refresh_token_ttl > 0")
                .check("refresh_token_absolute_ttl", "refresh_token_absolute_ttl > 0")
                .check("refresh_token_ttls", "refresh_token_ttl <= refresh_token_absolute_ttl")
                .check("device_code_ttl", "device_code_ttl BETWEEN 1 AND 3600")
                .index_where_set("owner_id")
                // Revoking everything of a client and rotating its secret rewrite the row, which every token reads.
                .storage("fillfactor = 85"),
        )
}

fn down() -> Script {
    Script::new()
        .sql("DROP TABLE \"clients\"")
        .sql("DROP TYPE \"token_endpoint_auth_method\"")
        .sql("DROP TYPE \"response_type\"")
        .sql("DROP TYPE \"grant_type\"")
        .sql("DROP TYPE \"client_type\"")
}
