use serde_json::{Value, json};

/// Everything that is known to be right and wrong about the rows of a table.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Rows that are accepted as they stand, which the cases change. Columns that are left out get the
    /// database's default. The first one is the row that cases change unless they say otherwise.
    pub(super) rows: Vec<(&'static str, Value)>,
    /// What makes a second row differ from the first in everything that is unique.
    pub(super) another: Value,
    pub(super) cases: Vec<Case>,
    pub(super) foreign_keys: Vec<(&'static str, OnDelete)>,
}

/// What becomes of a row when the row that it refers to is deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDelete {
    Restrict,
    Cascade,
}

/// A row, and what the database makes of it.
#[derive(Clone)]
pub(super) struct Case {
    /// The constraint, index, trigger or enum that decides.
    pub(super) about: String,
    /// The row of the table that is changed.
    pub(super) row: &'static str,
    pub(super) change: Value,
    /// How the row differs that is there already, if one is; then `another` is applied to the second.
    pub(super) beside: Option<Value>,
    /// What is done once the row is there.
    pub(super) then: Option<String>,
    /// The table has no check but this one, for what it refuses others refuse first.
    pub(super) alone: bool,
    pub(super) expected: Expected,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Accepted,
    Refused,
    /// The partial index holds the row.
    Indexed,
    /// The partial index leaves the row out.
    LeftOut,
}

impl Table {
    /// A table whose first row is called "minimal".
    pub(super) fn new(name: &'static str, minimal: Value) -> Self {
        let rows = vec![(MINIMAL, minimal)];
        Self { name, rows, another: json!({}), cases: Vec::new(), foreign_keys: Vec::new() }
    }

    /// A further row that is accepted as it stands.
    pub(super) fn row(mut self, name: &'static str, row: Value) -> Self {
        self.rows.push((name, row));
        self
    }

    pub(super) fn another(mut self, another: Value) -> Self {
        self.another = another;
        self
    }

    pub(super) fn cases(mut self, groups: impl IntoIterator<Item = About>) -> Self {
        self.cases.extend(groups.into_iter().flat_map(|group| group.cases));
        self
    }

    pub(super) fn foreign_keys(mut self, keys: impl IntoIterator<Item = (&'static str, OnDelete)>) -> Self {
        self.foreign_keys.extend(keys);
        self
    }
}

/// The cases about one constraint, index, trigger or enum.
pub(super) struct About {
    name: String,
    row: &'static str,
    cases: Vec<Case>,
}

const MINIMAL: &str = "minimal";

/// Starts the cases about a constraint, index, trigger or enum; they change the row "minimal".
pub(super) fn about(name: impl Into<String>) -> About {
    About { name: name.into(), row: MINIMAL, cases: Vec::new() }
}

impl About {
    /// The cases that follow change this row.
    pub(super) fn on(mut self, row: &'static str) -> Self {
        self.row = row;
        self
    }

    /// Each of these values of a column is refused.
    pub(super) fn refuses(self, column: &str, values: impl IntoIterator<Item: Into<Value>>) -> Self {
        self.each(column, values, Expected::Refused)
    }

    /// Each of these values of a column is accepted.
    pub(super) fn accepts(self, column: &str, values: impl IntoIterator<Item: Into<Value>>) -> Self {
        self.each(column, values, Expected::Accepted)
    }

    /// The row with this change is refused.
    pub(super) fn refuses_row(self, change: Value) -> Self {
        self.push(change, None, None, Expected::Refused)
    }

    /// The row with this change is accepted.
    pub(super) fn accepts_row(self, change: Value) -> Self {
        self.push(change, None, None, Expected::Accepted)
    }

    /// With the first change in one row, the second change is refused in another.
    pub(super) fn refuses_beside(self, first: Value, second: Value) -> Self {
        self.push(second, Some(first), None, Expected::Refused)
    }

    /// With the first change in one row, the second change is accepted in another.
    pub(super) fn accepts_beside(self, first: Value, second: Value) -> Self {
        self.push(second, Some(first), None, Expected::Accepted)
    }

    /// The changed row is accepted, and the statement after it refused.
    pub(super) fn refuses_then(self, change: Value, statement: impl Into<String>) -> Self {
        self.push(change, None, Some(statement.into()), Expected::Refused)
    }

    /// The changed row is accepted, and the statement after it too.
    pub(super) fn accepts_then(self, change: Value, statement: impl Into<String>) -> Self {
        self.push(change, None, Some(statement.into()), Expected::Accepted)
    }

    /// The partial index holds the changed row.
    pub(super) fn holds(self, change: Value) -> Self {
        self.push(change, None, None, Expected::Indexed)
    }

    /// The partial index leaves the changed row out.
    pub(super) fn leaves_out(self, change: Value) -> Self {
        self.push(change, None, None, Expected::LeftOut)
    }

    /// Every case so far has this change as well.
    pub(super) fn with(mut self, change: &Value) -> Self {
        let further = change.as_object().expect("a change is an object");
        for case in &mut self.cases {
            let change = case.change.as_object_mut().expect("a change is an object");
            change.extend(further.clone());
        }
        self
    }

    /// Every case so far changes this row instead.
    pub(super) fn moved_to(mut self, row: &'static str) -> Self {
        for case in &mut self.cases {
            case.row = row;
        }
        self.on(row)
    }

    /// Every case so far is tried without the other checks of the table.
    pub(super) fn alone(mut self) -> Self {
        for case in &mut self.cases {
            case.alone = true;
        }
        self
    }

    /// These cases and those.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.cases.extend(others.cases);
        self
    }

    fn each(
        mut self,
        column: &str,
        values: impl IntoIterator<Item: Into<Value>>,
        expected: Expected,
    ) -> Self {
        for value in values {
            let value: Value = value.into();
            self = self.push(json!({ column: value }), None, None, expected);
        }
        self
    }

    fn push(
        mut self,
        change: Value,
        beside: Option<Value>,
        then: Option<String>,
        expected: Expected,
    ) -> Self {
        let (about, row) = (self.name.clone(), self.row);
        self.cases.push(Case { about, row, change, beside, then, alone: false, expected });
        self
    }
}
