use serde_json::{Map, Value};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgDatabaseError, Postgres};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::case::{Case, Expected, Table};
use super::catalog::{Catalog, Kind};
use super::fixtures;
use crate::support::{Database, Refusal};

/// A column of a row and its value.
pub(super) type Columns = Map<String, Value>;

/// What is done to a database for a case: rows in a table, then statements.
pub(super) struct Attempt<'a> {
    pub(super) table: &'a str,
    pub(super) rows: Vec<Columns>,
    pub(super) then: Vec<String>,
}

/// A database with the rows that others refer to, in which every case starts from the same state.
pub(super) struct Bench {
    pub(super) catalog: Catalog,
    connection: PoolConnection<Postgres>,
    /// Dropped last, for the connection is to it.
    _database: Database,
}

impl Bench {
    pub(super) async fn prepare() -> Self {
        Self::prepare_after("").await
    }

    /// The same of a schema that these statements have changed.
    pub(super) async fn prepare_after(sql: &str) -> Self {
        let database = Database::migrated().await;
        database.execute(sql).await;
        database.execute(fixtures::PARENTS).await;
        let mut connection = database.pool().acquire().await.expect("a connection");
        let catalog = Catalog::read(&mut connection).await;
        Self { catalog, connection, _database: database }
    }

    /// Runs the cases of a table; says what is wrong with each that fails.
    pub(super) async fn run(&mut self, table: &Table) -> Vec<String> {
        self.run_after("SELECT", table, |_| true).await
    }

    /// The same after a statement, for some of the cases. The statement is undone.
    pub(super) async fn run_after(
        &mut self,
        sql: &str,
        table: &Table,
        which: impl Fn(&Case) -> bool,
    ) -> Vec<String> {
        let mut changed = self.connection.begin().await.expect("BEGIN");
        execute(&mut changed, sql).await.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
        let mut failures = Vec::new();
        for (name, row) in &table.rows {
            let row = match whole(&mut changed, table.name, row).await {
                Ok(row) => row,
                Err(error) => {
                    failures.push(format!("{}: the row \"{name}\" is refused: {error}", table.name));
                    continue;
                }
            };
            for case in table.cases.iter().filter(|case| case.row == *name && which(case)) {
                if let Err(what) = run_case(&mut changed, &self.catalog, table, case, &row).await {
                    failures.push(format!("{}: {}: {what}, for {}", table.name, case.about, describe(case)));
                }
            }
        }
        changed.rollback().await.expect("ROLLBACK");
        failures
    }

    /// Every row of a table as the database completes it.
    pub(super) async fn whole_rows(&mut self, table: &Table) -> Vec<Columns> {
        let mut rows = Vec::new();
        for (_, row) in &table.rows {
            // One that is refused is reported with the cases.
            rows.extend(whole(&mut self.connection, table.name, row).await.ok());
        }
        rows
    }

    /// Whether a condition on one column, of JSON, says the same as the cases after a statement, which is
    /// undone.
    pub(super) async fn agrees_after(
        &mut self,
        sql: &str,
        condition: &str,
        column: &str,
        cases: &[&Case],
    ) -> bool {
        let values: Vec<_> = cases.iter().map(|case| case.change[column].to_string()).collect();
        let accepted: Vec<_> = cases.iter().map(|case| case.expected == Expected::Accepted).collect();
        let query = format!(
            "SELECT bool_and(({condition}) = accepted) FROM (
                 SELECT value::jsonb AS {column}, accepted FROM unnest($1, $2) AS cases (value, accepted)
             ) AS cases"
        );
        let mut changed = self.connection.begin().await.expect("BEGIN");
        execute(&mut changed, sql).await.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
        let query = sqlx::query_scalar(AssertSqlSafe(query)).bind(values).bind(accepted);
        let agrees =
            query.fetch_one(&mut *changed).await.unwrap_or_else(|error| panic!("{error}, after {sql}"));
        changed.rollback().await.expect("ROLLBACK");
        agrees
    }

    /// Tries rows and statements and undoes them; says how the first that was refused was.
    pub(super) async fn attempt(&mut self, attempt: Attempt<'_>) -> Result<(), Refusal> {
        try_and_undo(&mut self.connection, attempt, None).await.map(|_| ())
    }
}

async fn run_case(
    connection: &mut PgConnection,
    catalog: &Catalog,
    table: &Table,
    case: &Case,
    row: &Columns,
) -> Result<(), String> {
    let object = catalog.object(table.name, &case.about).ok_or("there is nothing of that name")?;
    let rows = match &case.beside {
        Some(first) => {
            let second = changed(row, &table.another)?;
            vec![changed(row, first)?, changed(&second, &case.change)?]
        }
        None => vec![changed(row, &case.change)?],
    };
    let condition = match case.expected {
        Expected::Indexed | Expected::LeftOut => Some(object.definition.as_deref().ok_or("no condition")?),
        Expected::Accepted | Expected::Refused => None,
    };
    let attempt = Attempt { table: table.name, rows, then: case.then.iter().cloned().collect() };
    let mut step = connection.begin().await.expect("BEGIN");
    if case.alone {
        drop_other_checks(&mut step, catalog, table.name, &case.about).await;
    }
    let outcome = try_and_undo(&mut step, attempt, condition).await;
    step.rollback().await.expect("ROLLBACK");
    match (case.expected, outcome) {
        (Expected::Accepted, Ok(_))
        | (Expected::Indexed, Ok(Some(true)))
        | (Expected::LeftOut, Ok(Some(false))) => Ok(()),
        (Expected::Indexed, Ok(_)) => Err("the index leaves the row out".to_owned()),
        (Expected::LeftOut, Ok(_)) => Err("the index holds the row".to_owned()),
        (Expected::Refused, Ok(_)) => Err("is accepted".to_owned()),
        (Expected::Refused, Err(refusal)) => {
            expect_refusal(catalog, table.name, &refusal, object.kind, &case.about)
        }
        (_, Err(refusal)) => Err(format!("is refused: {}", describe_refusal(&refusal))),
    }
}

async fn drop_other_checks(connection: &mut PgConnection, catalog: &Catalog, table: &str, check: &str) {
    let others = catalog.checks(table).filter(|name| *name != check);
    let drops: Vec<_> = others.map(|name| format!("DROP CONSTRAINT IF EXISTS {name}")).collect();
    if !drops.is_empty() {
        let sql = format!("ALTER TABLE {table} {}", drops.join(", "));
        execute(connection, &sql).await.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
    }
}

/// Whether a refusal is the one that something of this kind and name makes.
pub(super) fn expect_refusal(
    catalog: &Catalog,
    table: &str,
    refusal: &Refusal,
    kind: Kind,
    name: &str,
) -> Result<(), String> {
    let code = match kind {
        Kind::Check => "23514",
        Kind::Unique | Kind::PrimaryKey => "23505",
        Kind::ForeignKey => "23503",
        Kind::Trigger => "23001",
        Kind::Enum => "22P02",
        Kind::PartialIndex | Kind::Other => return Err("it refuses nothing".to_owned()),
    };
    let names_it = if kind == Kind::Enum {
        refusal.message.starts_with(&format!("invalid input value for enum {name}: "))
    } else {
        refusal.constraint.as_deref().map(|constraint| catalog.root(constraint)) == Some(name)
            && refusal.table.as_deref().map(|relation| catalog.root(relation)) == Some(table)
    };
    if refusal.code == code && names_it {
        return Ok(());
    }
    Err(format!("is refused otherwise: {}", describe_refusal(refusal)))
}

pub(super) fn describe_refusal(refusal: &Refusal) -> String {
    format!("{} {}", refusal.code, refusal.message)
}

/// A row with some of its columns changed.
pub(super) fn changed(row: &Columns, change: &Value) -> Result<Columns, String> {
    let mut row = row.clone();
    for (column, value) in change.as_object().ok_or("a change is an object")? {
        *row.get_mut(column).ok_or_else(|| format!("there is no column {column}"))? = value.clone();
    }
    Ok(row)
}

/// Inserts a row without naming the columns that it leaves out; reads back what the database made of it.
async fn whole(connection: &mut PgConnection, table: &str, row: &Value) -> Result<Columns, sqlx::Error> {
    let columns: Vec<_> = row.as_object().expect("a row is an object").keys().cloned().collect();
    let columns = columns.join(", ");
    let insert = format!(
        "INSERT INTO {table} ({columns}) \
         SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb) \
         RETURNING to_jsonb({table})::text"
    );
    let mut inserted = connection.begin().await?;
    let row: Result<String, _> =
        sqlx::query_scalar(AssertSqlSafe(insert)).bind(row.to_string()).fetch_one(&mut *inserted).await;
    inserted.rollback().await?;
    Ok(serde_json::from_str(&row?).expect("to_jsonb gives an object"))
}

async fn try_and_undo(
    connection: &mut PgConnection,
    attempt: Attempt<'_>,
    condition: Option<&str>,
) -> Result<Option<bool>, Refusal> {
    let mut step = connection.begin().await.expect("BEGIN");
    let outcome = try_out(&mut step, attempt, condition).await;
    step.rollback().await.expect("ROLLBACK");
    outcome.map_err(|error| refusal(&error))
}

/// Whether the last row fulfils the condition, if there is one.
async fn try_out(
    connection: &mut PgConnection,
    Attempt { table, rows, then }: Attempt<'_>,
    condition: Option<&str>,
) -> Result<Option<bool>, sqlx::Error> {
    let insert = format!(
        "INSERT INTO {table} SELECT row.* FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb) AS row"
    );
    for row in &rows {
        let row = serde_json::to_string(row).expect("JSON");
        sqlx::query(AssertSqlSafe(insert.clone())).bind(row).execute(&mut *connection).await?;
    }
    for sql in then {
        execute(connection, &sql).await?;
    }
    let Some(condition) = condition else { return Ok(None) };
    let id = rows.last().and_then(|row| row["id"].as_str()).expect("an id");
    let query = format!("SELECT ({condition}) IS TRUE FROM {table} WHERE id::text = $1");
    sqlx::query_scalar(AssertSqlSafe(query)).bind(id).fetch_one(connection).await.map(Some)
}

async fn execute(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.map(|_| ())
}

fn refusal(error: &sqlx::Error) -> Refusal {
    let sqlx::Error::Database(error) = error else { panic!("{error}") };
    let error: &PgDatabaseError = error.downcast_ref();
    Refusal {
        code: error.code().to_owned(),
        constraint: error.constraint().map(str::to_owned),
        table: error.table().map(str::to_owned),
        column: error.column().map(str::to_owned),
        message: error.message().to_owned(),
    }
}

/// The case in a line that is not too long.
fn describe(case: &Case) -> String {
    let mut text = format!("\"{}\" with {}", case.row, case.change);
    if case.alone {
        text = format!("{text}, no other check");
    }
    if let Some(first) = &case.beside {
        text = format!("{text} beside {first}");
    }
    if let Some(statement) = &case.then {
        text = format!("{text}, then {statement}");
    }
    if text.chars().count() > 240 {
        text = text.chars().take(240).chain("…".chars()).collect();
    }
    text
}
