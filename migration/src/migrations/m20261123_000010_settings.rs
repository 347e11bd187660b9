//! What operators can change while Authority runs.

use crate::Migration;
use crate::ddl::{Script, enumeration, json_binary, length, table, text, timestamptz_now, uuid_null};

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
        .create_enum(
            "setting_category",
            &["security", "tokens", "sessions", "email", "audit", "branding"],
            "Where a setting is shown.",
        )
        .create_enum(
            "setting_type",
            &["boolean", "integer", "string", "string_list", "object"],
            "What values a setting takes.",
        )
        .create_table(
            table("settings", "System settings. Known by key, not by id.")
                .column(text("key").comment("Name of the setting, such as tokens.access_token_ttl."))
                .column(json_binary("value").comment("Its value, of the type that value_type says; JSON null when it is not set."))
                .column(enumeration("value_type", "setting_type").comment("What values it takes."))
                .column(enumeration("category", "setting_category").comment("Where it is shown."))
                .column(text("description").comment("What it does, with its unit."))
                .column(timestamptz_now("updated_at").comment("When it was last changed."))
                .column(uuid_null("updated_by").comment("Who changed it last; null as long as it is as it was seeded."))
                .primary_key("key")
.finite_times()
                .references_unindexed("updated_by", "users", "a user is erased, never deleted, and the table has a few dozen rows.")
                .check("key", "key ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)*$' AND char_length(key) <= 100")
                .check(
                    "value",
                    "jsonb_typeof(value) = 'null' OR CASE value_type WHEN 'boolean' THEN jsonb_typeof(value) = 'boolean' WHEN 'integer' THEN jsonb_typeof(value) = 'number' AND value::text ~ '^-?[0-9]{1,18}$' WHEN 'string' THEN jsonb_typeof(value) = 'string' WHEN 'string_list' THEN jsonb_typeof(value) = 'array' AND NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() <> \"string\")') WHEN 'object' THEN jsonb_typeof(value) = 'object' ELSE false END",
                )
                .check("description", length("description", 2000)),
        )
}

fn down() -> Script {
    Script::new()
        .sql("DROP TABLE \"settings\"")
        .sql("DROP TYPE \"setting_type\"")
        .sql("DROP TYPE \"setting_category\"")
}
