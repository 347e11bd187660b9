use std::fmt;

/// A primary key or a unique constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// The columns, in the order of the key.
    pub columns: Vec<String>,
    /// `INCLUDE` columns of its index.
    pub include: Vec<String>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    pub nulls_not_distinct: bool,
    /// When it is checked.
    pub deferral: Deferral,
    /// `COMMENT ON CONSTRAINT`.
    pub comment: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The referencing columns.
    pub columns: Vec<String>,
    /// The referenced table, with its schema where that is not `public`.
    pub references_table: String,
    /// The referenced columns, in the order of [`columns`](Self::columns).
    pub references_columns: Vec<String>,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// The columns that `ON DELETE SET NULL (…)` sets, where those are not all (PostgreSQL 15).
    pub on_delete_columns: Vec<String>,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `MATCH FULL`.
    pub match_full: bool,
    /// When it is checked.
    pub deferral: Deferral,
    /// Whether the rows that were there before it are known to satisfy it.
    pub validated: bool,
    /// Whether it is checked at all (PostgreSQL 18 has `NOT ENFORCED`).
    pub enforced: bool,
    /// `COMMENT ON CONSTRAINT`.
    pub comment: Option<String>,
    /// The whole of it, as `pg_get_constraintdef` prints it.
    pub definition: String,
}

/// What happens to a referencing row when the referenced one goes or changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReferentialAction {
    /// Refused, at the end of the statement or of the transaction.
    #[default]
    NoAction,
    /// Refused at once.
    Restrict,
    /// The row follows.
    Cascade,
    /// The columns become null.
    SetNull,
    /// The columns take their defaults.
    SetDefault,
}

impl ReferentialAction {
    /// Whether it looks for the referencing rows in order to write them.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Cascade | Self::SetNull | Self::SetDefault)
    }
}

impl fmt::Display for ReferentialAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoAction => "no action",
            Self::Restrict => "restrict",
            Self::Cascade => "cascade",
            Self::SetNull => "set null",
            Self::SetDefault => "set default",
        })
    }
}

/// When a constraint is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deferral {
    /// With every statement.
    #[default]
    NotDeferrable,
    /// With every statement, unless a transaction defers it.
    Deferrable,
    /// At the end of the transaction.
    InitiallyDeferred,
}

/// A check constraint of a table or of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What must not be false, without the outermost parentheses.
    pub expression: String,
    /// Whether the rows that were there before it are known to satisfy it.
    pub validated: bool,
    /// Whether it is checked at all (PostgreSQL 18 has `NOT ENFORCED`).
    pub enforced: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// `COMMENT ON CONSTRAINT`.
    pub comment: Option<String>,
}

/// An exclusion constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusion {
    /// Its name.
    pub name: String,
    /// `EXCLUDE USING …`, as `pg_get_constraintdef` prints it.
    pub definition: String,
    /// `COMMENT ON CONSTRAINT`.
    pub comment: Option<String>,
}

/// An index that does not belong to a constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The access method: `btree`, `gin`, …
    pub method: String,
    /// Whether it is unique.
    pub unique: bool,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    pub nulls_not_distinct: bool,
    /// What it is ordered by, in order.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE` columns.
    pub include: Vec<String>,
    /// The `WHERE` of a partial index, without the outermost parentheses.
    pub predicate: Option<String>,
    /// Storage parameters as `name=value`.
    pub options: Vec<String>,
    /// False for one that `CREATE INDEX CONCURRENTLY` did not finish: it costs writes and serves nothing.
    pub valid: bool,
    /// `COMMENT ON INDEX`.
    pub comment: Option<String>,
    /// The whole of it, as `pg_get_indexdef` prints it.
    pub definition: String,
}

/// One column or expression of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexKey {
    /// The column, unless it is an expression.
    pub column: Option<String>,
    /// As the definition has it, with collation, operator class and order where they are not the default.
    pub definition: String,
}
