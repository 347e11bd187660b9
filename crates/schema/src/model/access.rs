/// What one role may do with one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// The role, or `PUBLIC`.
    pub grantee: String,
    /// `SELECT`, `INSERT`, …, sorted; without `MAINTAIN`, which PostgreSQL has since 17 only.
    pub privileges: Vec<String>,
    /// Those of the privileges that the role may pass on.
    pub grantable: Vec<String>,
}

impl Grant {
    /// The privilege on types and on the schema that PostgreSQL gives to everybody.
    pub const PUBLIC_USAGE: &str = "USAGE";
    /// The privilege on functions that PostgreSQL gives to everybody.
    pub const PUBLIC_EXECUTE: &str = "EXECUTE";

    /// Whether these are the grants that an object has from its creation: one privilege for `PUBLIC`.
    #[must_use]
    pub fn are_default(grants: &[Self], privilege: &str) -> bool {
        matches!(grants, [one] if one.grantee == "PUBLIC" && one.privileges == [privilege] && one.grantable.is_empty())
    }
}

/// Row-level security of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowSecurity {
    /// `ENABLE ROW LEVEL SECURITY`.
    pub enabled: bool,
    /// `FORCE ROW LEVEL SECURITY`: for the owner as well.
    pub forced: bool,
    /// The policies, which have no effect unless it is enabled.
    pub policies: Vec<Policy>,
}

/// A policy of row-level security.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Whether it adds rows, rather than takes them away.
    pub permissive: bool,
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub command: String,
    /// The roles that it is for.
    pub roles: Vec<String>,
    /// Which rows are seen.
    pub using: Option<String>,
    /// Which rows may be written.
    pub with_check: Option<String>,
    /// `COMMENT ON POLICY`.
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// `CREATE TRIGGER …`, as `pg_get_triggerdef` prints it.
    pub definition: String,
    /// When it fires, where that is not the default: `disabled`, `replica` or `always`.
    pub state: Option<String>,
    /// `COMMENT ON TRIGGER`.
    pub comment: Option<String>,
}
