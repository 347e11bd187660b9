//! What happened, for those who have to know.

use sea_query::Expr;

use crate::Migration;
use crate::ddl::{
    Script, enumeration, inet_null, json_binary, json_object, one_line, table, text, text_null,
    timestamptz_now, uuid, uuid_null,
};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

/// Members that would carry a credential, at any depth of `details` and however they are spelt.
pub(super) const NO_SECRET_MEMBER: &str = "NOT jsonb_path_exists(details, '$.** ? (@.type() == \"object\").keyvalue() ? (@.key like_regex \"^((new|old|current)[-_]?)?(password|passphrase|passwd)([-_]?hash)?$|^(client|totp|shared)?[-_]?secret$|^((access|refresh|id|subject|actor|bearer|session)[-_]?)?token$|^((authorization|device|user|backup|recovery)[-_]?)?code$|^code[-_]?verifier$|^(client[-_]?)?assertion$|^t?otp$|^(set[-_]?)?cookie$|^authorization$|^(api|private|secret)[-_]?key$\" flag \"i\")')";

fn up() -> Script {
    Script::new()
        .create_enum("audit_outcome", &["success", "failure"], "How an audited event ended.")
        .create_enum("audit_actor_kind", &["user", "client", "system"], "Who can cause an audited event.")
        .create_table(
            table("audit_logs", "Audit trail, partitioned by month; the serving role can add to it and read it, nothing else. It refers to other rows by plain ids without foreign keys, so that it outlives them and inserts touch nothing else.")
                .column(uuid("id").comment("UUIDv7, made by the application; also the month of its partition."))
                .column(text("event").comment("What happened, from the general to the particular: user.login, token.refresh."))
                .column(enumeration("outcome", "audit_outcome").comment("How it ended."))
                .column(enumeration("actor_kind", "audit_actor_kind").comment("Who did it."))
                .column(uuid_null("actor_id").comment("users.id or clients.id of who did it; null for the system and for nobody known."))
                .column(text_null("resource_kind").comment("What it was done to: user, client, scope, setting, session ..."))
                .column(text_null("resource_id").comment("Which one it was done to, by its key."))
                .column(uuid_null("client_id").comment("clients.id that was involved."))
                .column(uuid_null("session_id").comment("sessions.id in which it happened."))
                .column(inet_null("ip_address").comment("Address that the request came from."))
                .column(text_null("user_agent").comment("User agent of the request."))
                .column(text_null("request_id").comment("Identifier of the request, to find it in other logs."))
                .column(json_binary("details").default(Expr::cust("'{}'")).comment("What else there is to know. Never a secret: members that name a credential are refused."))
                .column(timestamptz_now("created_at"))
                .primary_key_uuid_v7()
.finite_times()
                .check("event", "event ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+$' AND char_length(event) <= 100")
                .check("actor", "actor_kind <> 'system' OR actor_id IS NULL")
                .check("resource", "resource_id IS NULL OR resource_kind IS NOT NULL")
                .check("resource_kind", "resource_kind ~ '^[a-z][a-z0-9_]{0,62}$'")
                .check("resource_id", one_line("resource_id", 255))
                .check("user_agent", one_line("user_agent", 1000))
                .check("request_id", one_line("request_id", 255))
                .check("details", json_object("details"))
                .check("details_without_secrets", NO_SECRET_MEMBER)
                .index(["created_at"])
                .index_where(["actor_id", "id"], "actor_id IS NOT NULL")
                .index_where(["resource_kind", "resource_id", "id"], "resource_id IS NOT NULL")
                .index(["event", "id"])
                .partition_by_range("id"),
        )
}

fn down() -> Script {
    Script::new()
        .sql("DROP TABLE \"audit_logs\"")
        .sql("DROP TYPE \"audit_actor_kind\"")
        .sql("DROP TYPE \"audit_outcome\"")
}
