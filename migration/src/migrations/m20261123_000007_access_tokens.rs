//! What a client presents to a resource server.

use sea_query::ForeignKeyAction;

use crate::Migration;
use crate::ddl::{
    Script, authorization_details, binary_null, enumeration_null, json_binary_null, list, scope_list, sha256,
    table, text_array, text_null, thumbprint, timestamptz, timestamptz_null, together, uri_list, uuid,
    uuid_null,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new().create_table(
        table("access_tokens", "Access tokens, partitioned by day: old ones leave by dropping a partition.")
            .column(uuid("id").comment("UUIDv7, made by the application: the selector part of an opaque token, the jti of a JWT (RFC 9068), and the day of its partition."))
            .column(binary_null("digest").comment("SHA-256 of the secret part of an opaque token; null for a JWT, which its signature protects."))
            .column(uuid("client_id").comment("The client that the token was issued to."))
            .column(uuid_null("user_id").comment("On whose behalf it acts; null for client credentials (RFC 6749 section 4.4)."))
            .column(uuid_null("session_id").comment("The session whose end revokes it."))
            .column(uuid_null("refresh_token_id").comment("The family that it was issued from, whose revocation revokes it."))
            .column(text_array("scopes").comment("What it may be used for."))
            .column(text_array("audience").comment("Who may accept it (RFC 9068 section 2.2)."))
            .column(text_array("resources").comment("Resource indicators that it was asked for with (RFC 8707)."))
            .column(json_binary_null("authorization_details").comment("RFC 9396 authorization_details of the grant."))
            .column(text_null("dpop_jkt").comment("Thumbprint of the DPoP key that it is bound to (RFC 9449 section 6)."))
            .column(text_null("x5t_s256").comment("Thumbprint of the certificate that it is bound to (RFC 8705 section 3)."))
            .column(json_binary_null("actor").comment("Who acts for the user: the act claim, nested for a chain (RFC 8693 section 4.1)."))
            .column(timestamptz("issued_at"))
            .column(timestamptz("expires_at").comment("At most a day after it was issued."))
            .column(timestamptz_null("revoked_at").comment("When it was revoked by itself (RFC 7009); it is inactive as well once its family, session, user or client is."))
            .column(enumeration_null("revocation_reason", "revocation_reason").comment("Why it was revoked."))
            .primary_key_uuid_v7()
.finite_times()
            .references_unindexed("client_id", "clients", "a client is disabled, never deleted; revoking all of its tokens moves clients.tokens_revoked_before.")
            .references("user_id", "users", ForeignKeyAction::Restrict)
            .references("session_id", "sessions", ForeignKeyAction::Cascade)
            .references("refresh_token_id", "refresh_tokens", ForeignKeyAction::Cascade)
            .check("digest", sha256("digest"))
            .check("user", "user_id IS NOT NULL OR num_nonnulls(session_id, refresh_token_id) = 0")
            .check("scopes", scope_list("scopes"))
            .check("audience", list("audience", "[!-~ ]*"))
            .check("resources", uri_list("resources"))
            .check("authorization_details", authorization_details("authorization_details"))
            .check("dpop_jkt", thumbprint("dpop_jkt"))
            .check("x5t_s256", thumbprint("x5t_s256"))
            .check("binding", "num_nonnulls(dpop_jkt, x5t_s256) <= 1")
            .check("actor", "actor IS NULL OR coalesce(jsonb_typeof(actor -> 'sub') = 'string', false)")
            .check("expires_at", "expires_at > issued_at AND expires_at <= issued_at + interval '24 hours'")
            .check("revoked", together(&["revoked_at", "revocation_reason"]))
            .index_named("idx_tokens_user_id", ["user_id"])
            .index_where_set("session_id")
            .index_where_set("refresh_token_id")
            .partition_by_range("id")
            // Few tokens are revoked one by one; a little room keeps those updates off the indexes.
            .storage("fillfactor = 95"),
    )
}

fn down() -> Script {
    Script::new().sql("DROP TABLE \"access_tokens\"")
}
