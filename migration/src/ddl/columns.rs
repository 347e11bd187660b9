//! The column types of this schema. Everything is NOT NULL unless its function says `_null`.

pub(crate) use sea_orm_migration::schema::{
    binary, binary_null, boolean, integer, integer_null, json_binary, json_binary_null, text, text_null,
    uuid, uuid_null,
};
use sea_query::{ColumnDef, ColumnType, Expr};

/// A point in time; `timestamp` without a zone does not occur in this schema.
pub(crate) fn timestamptz(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().take()
}

/// A point in time that may not have come yet.
pub(crate) fn timestamptz_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().null().take()
}

/// A point in time that is now unless the writer says otherwise.
pub(crate) fn timestamptz_now(name: &'static str) -> ColumnDef {
    timestamptz(name).default(Expr::current_timestamp()).take()
}

/// A yes or no with its default.
pub(crate) fn flag(name: &'static str, default: bool) -> ColumnDef {
    boolean(name).default(default).take()
}

/// An address of a client: IPv4 or IPv6.
pub(crate) fn inet_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).inet().null().take()
}

/// A list of texts, empty unless the writer says otherwise.
pub(crate) fn text_array(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).array(ColumnType::Text).not_null().default(Expr::cust("'{}'")).take()
}

/// A list of binary strings, empty unless the writer says otherwise.
pub(crate) fn binary_array(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).array(ColumnType::Blob).not_null().default(Expr::cust("'{}'")).take()
}

/// A column of a PostgreSQL enum.
pub(crate) fn enumeration(name: &'static str, type_name: &'static str) -> ColumnDef {
    ColumnDef::new(name).custom(type_name).not_null().take()
}

/// A column of a PostgreSQL enum that may be absent.
pub(crate) fn enumeration_null(name: &'static str, type_name: &'static str) -> ColumnDef {
    ColumnDef::new(name).custom(type_name).null().take()
}

/// A list of a PostgreSQL enum's values.
pub(crate) fn enumeration_array(name: &'static str, type_name: &'static str) -> ColumnDef {
    ColumnDef::new(name).array(ColumnType::custom(type_name)).not_null().take()
}
