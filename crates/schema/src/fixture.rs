//! A small schema made by hand: people, their sessions and a partitioned log.

use crate::Schema;
use crate::model::{
    Check, Column, Enum, ForeignKey, Grant, Index, IndexKey, Key, Partition, Partitioning, ReferentialAction,
    Table,
};

pub(crate) fn column(name: &str, data_type: &str, not_null: bool) -> Column {
    Column {
        name: name.into(),
        data_type: data_type.into(),
        not_null,
        comment: Some(format!("The {name}.")),
        ..Column::default()
    }
}

pub(crate) fn key(name: &str, columns: &[&str]) -> Key {
    Key { name: name.into(), columns: strings(columns), ..Key::default() }
}

pub(crate) fn foreign_key(name: &str, columns: &[&str], to: &str, to_columns: &[&str]) -> ForeignKey {
    ForeignKey {
        name: name.into(),
        columns: strings(columns),
        references_table: to.into(),
        references_columns: strings(to_columns),
        on_delete: ReferentialAction::Restrict,
        validated: true,
        enforced: true,
        ..ForeignKey::default()
    }
}

/// An index on plain columns.
pub(crate) fn index(name: &str, columns: &[&str]) -> Index {
    let keys = columns
        .iter()
        .map(|column| IndexKey { column: Some((*column).to_owned()), definition: (*column).to_owned() });
    Index { name: name.into(), method: "btree".into(), keys: keys.collect(), valid: true, ..Index::default() }
}

pub(crate) fn check(name: &str, expression: &str) -> Check {
    Check {
        name: name.into(),
        expression: expression.into(),
        validated: true,
        enforced: true,
        ..Check::default()
    }
}

pub(crate) fn grant(grantee: &str, privileges: &[&str]) -> Grant {
    Grant { grantee: grantee.into(), privileges: strings(privileges), grantable: Vec::new() }
}

pub(crate) fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

/// A schema that keeps to every rule.
pub(crate) fn schema() -> Schema {
    Schema {
        tables: vec![audit_logs(), sessions(), users()],
        enums: vec![Enum {
            name: "user_role".into(),
            labels: strings(&["user", "admin"]),
            comment: Some("What a user may do.".into()),
            grants: vec![grant("PUBLIC", &["USAGE"])],
        }],
        grants: vec![grant("PUBLIC", &["USAGE"])],
        ..Schema::default()
    }
}

fn users() -> Table {
    let mut by_email = index("uq_users_email", &[]);
    by_email.unique = true;
    by_email.keys = vec![IndexKey { column: None, definition: "lower(email)".into() }];
    let mut role = column("role", "user_role", true);
    role.enum_name = Some("user_role".into());
    role.default = Some("'user'::user_role".into());
    Table {
        name: "users".into(),
        comment: Some("People who log in. A row outlives its owner's erasure.".into()),
        columns: vec![column("id", "uuid", true), column("email", "text", true), role],
        primary_key: Some(key("pk_users", &["id"])),
        checks: vec![Check {
            comment: Some("Longer ones | are refused.".into()),
            ..check("ck_users_email", "(length(email) <= 320) OR (email = '|'::text)")
        }],
        indexes: vec![by_email],
        grants: vec![grant("app", &["INSERT", "SELECT", "UPDATE"])],
        ..Table::default()
    }
}

fn sessions() -> Table {
    let mut tags = column("tags", "text[]", false);
    tags.grants = vec![grant("app", &["UPDATE"])];
    let mut by_user = index("idx_sessions_user_id", &["user_id"]);
    by_user.predicate = Some("user_id IS NOT NULL".into());
    Table {
        name: "sessions".into(),
        comment: Some("One row per login.".into()),
        columns: vec![column("id", "uuid", true), column("user_id", "uuid", false), tags],
        primary_key: Some(key("pk_sessions", &["id"])),
        foreign_keys: vec![foreign_key("fk_sessions_user_id", &["user_id"], "users", &["id"])],
        indexes: vec![by_user],
        grants: vec![grant("app", &["SELECT"])],
        ..Table::default()
    }
}

fn audit_logs() -> Table {
    Table {
        name: "audit_logs".into(),
        comment: Some("What happened.".into()),
        columns: vec![column("id", "uuid", true), column("session_id", "uuid", true)],
        primary_key: Some(key("pk_audit_logs", &["id"])),
        foreign_keys: vec![ForeignKey {
            comment: Some("Unindexed: sessions are never deleted.".into()),
            ..foreign_key("fk_audit_logs_session_id", &["session_id"], "sessions", &["id"])
        }],
        partitioning: Some(Partitioning {
            key: "RANGE (id)".into(),
            partitions: vec![Partition {
                name: "audit_logs_default".into(),
                bound: "DEFAULT".into(),
                options: strings(&["fillfactor=100"]),
                ..Partition::default()
            }],
        }),
        ..Table::default()
    }
}
