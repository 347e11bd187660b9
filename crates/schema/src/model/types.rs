use super::{Check, Column, Grant};

/// An enumerated type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// The labels in their order, which is the order of comparison.
    pub labels: Vec<String>,
    /// `COMMENT ON TYPE`.
    pub comment: Option<String>,
    /// By default `USAGE` for `PUBLIC`.
    pub grants: Vec<Grant>,
}

/// A domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// The type that it restricts.
    pub data_type: String,
    /// Whether it refuses null.
    pub not_null: bool,
    /// The default.
    pub default: Option<String>,
    /// Its collation where that is not the default of its type.
    pub collation: Option<String>,
    /// What a value must satisfy.
    pub checks: Vec<Check>,
    /// `COMMENT ON DOMAIN`.
    pub comment: Option<String>,
    /// By default `USAGE` for `PUBLIC`.
    pub grants: Vec<Grant>,
}

/// A function or a procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The arguments that tell it from others of its name, as `pg_get_function_identity_arguments` prints them.
    pub arguments: String,
    /// What it returns; none for a procedure.
    pub result: Option<String>,
    /// `sql`, `plpgsql`, …
    pub language: String,
    /// The whole of it, as `pg_get_functiondef` prints it.
    pub definition: String,
    /// `COMMENT ON FUNCTION`.
    pub comment: Option<String>,
    /// By default `EXECUTE` for `PUBLIC`.
    pub grants: Vec<Grant>,
}

/// A sequence that is not an identity column's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: String,
    /// `smallint`, `integer` or `bigint`.
    pub data_type: String,
    /// The first value.
    pub start: i64,
    /// The step.
    pub increment: i64,
    /// The smallest value.
    pub minimum: i64,
    /// The largest value.
    pub maximum: i64,
    /// How many values a session takes at once.
    pub cache: i64,
    /// Whether it begins again at its end.
    pub cycle: bool,
    /// The `table.column` that it goes with.
    pub owned_by: Option<String>,
    /// `COMMENT ON SEQUENCE`.
    pub comment: Option<String>,
    /// Privileges of others than its owner.
    pub grants: Vec<Grant>,
}

/// A view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Whether it stores its rows.
    pub materialized: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Parameters as `name=value`: `security_barrier`, `security_invoker`, …
    pub options: Vec<String>,
    /// `COMMENT ON VIEW`.
    pub comment: Option<String>,
    /// Privileges of others than its owner.
    pub grants: Vec<Grant>,
}
