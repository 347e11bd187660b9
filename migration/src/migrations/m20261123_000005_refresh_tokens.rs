//! Grants that outlive their access tokens.

use sea_query::ForeignKeyAction;

use crate::Migration;
use crate::ddl::{
    Script, authorization_details, before, binary, binary_null, enumeration_null, integer, json_binary_null,
    length, scope_list, sha256, table, text_array, text_null, thumbprint, timestamptz, timestamptz_null,
    together, uri_list, uuid, uuid_null,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new().create_table(
        table("refresh_tokens", "Refresh tokens: one row for each token family. Rotation rewrites the row in place, so the table grows with live grants and not with refreshes.")
            .column(uuid("id").comment("UUIDv7, made by the application: the family, and the selector part of each of its tokens."))
            .column(binary("digest").comment("SHA-256 of the current secret."))
            .column(binary_null("previous_digest").comment("SHA-256 of the secret before the current one."))
            .column(binary_null("sealed_successor").comment("The current secret, encrypted under a key derived from the previous one, which this database does not know: whoever presents the previous secret again in time gets the same successor."))
            .column(integer("generation").default(0).comment("How often the family was rotated."))
            .column(timestamptz_null("rotated_at").comment("When the family was last rotated."))
            .column(uuid("client_id").comment("The client that holds the grant."))
            .column(uuid("user_id").comment("Who granted it."))
            .column(uuid_null("session_id").comment("The session whose end revokes the grant; null for offline access (OpenID Connect Core 11)."))
            .column(text_array("scopes").comment("What was granted; a refresh may narrow it, never widen it (RFC 6749 section 6)."))
            .column(text_array("resources").comment("Resource indicators of the grant (RFC 8707)."))
            .column(json_binary_null("authorization_details").comment("RFC 9396 authorization_details of the grant."))
            .column(text_null("dpop_jkt").comment("Thumbprint of the DPoP key that a refresh has to prove (RFC 9449 section 8)."))
            .column(text_null("x5t_s256").comment("Thumbprint of the certificate that a refresh has to present (RFC 8705 section 4)."))
            .column(timestamptz("auth_time").comment("When the person proved who they are, for refreshed ID tokens."))
            .column(text_null("acr").comment("Authentication context class reference, for refreshed ID tokens."))
            .column(text_array("amr").comment("Authentication method references, for refreshed ID tokens."))
            .column(timestamptz("issued_at"))
            .column(timestamptz("idle_expires_at").comment("When it expires unless it is used again."))
            .column(timestamptz("expires_at").comment("When it expires however much it is used."))
            .column(timestamptz_null("revoked_at").comment("When the family was revoked: its refresh token, and every access token issued from it."))
            .column(enumeration_null("revocation_reason", "revocation_reason").comment("Why the family was revoked."))
            .primary_key_uuid_v7()
.finite_times()
            .references_unindexed("client_id", "clients", "a client is disabled, never deleted, and nothing looks families up by client.")
            .references("user_id", "users", ForeignKeyAction::Restrict)
            .references("session_id", "sessions", ForeignKeyAction::Cascade)
            .check("digest", sha256("digest"))
            .check("previous_digest", sha256("previous_digest"))
            .check("sealed_successor", "octet_length(sealed_successor) BETWEEN 48 AND 256")
            .check("generation", "generation >= 0")
            .check("rotation", "(generation = 0) = (rotated_at IS NULL) AND (generation = 0) = (previous_digest IS NULL) AND (sealed_successor IS NULL OR previous_digest IS NOT NULL) AND previous_digest <> digest")
            .check("scopes", scope_list("scopes"))
            .check("resources", uri_list("resources"))
            .check("authorization_details", authorization_details("authorization_details"))
            .check("dpop_jkt", thumbprint("dpop_jkt"))
            .check("x5t_s256", thumbprint("x5t_s256"))
            .check("binding", "num_nonnulls(dpop_jkt, x5t_s256) <= 1")
            .check("acr", length("acr", 255))
            .check("amr", scope_list("amr"))
            .check("expires_at", before("issued_at", "expires_at"))
            .check("idle_expires_at", "idle_expires_at > issued_at AND idle_expires_at <= expires_at")
            .check("revoked", together(&["revoked_at", "revocation_reason"]))
            .index(["user_id"])
            .index_where_set("session_id")
            .index(["expires_at"])
            // No index holds a column that a rotation writes: with room on the page that update is HOT.
            .storage("fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05"),
    )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"refresh_tokens\"")
}
