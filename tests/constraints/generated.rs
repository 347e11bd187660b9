use serde_json::{Value, json};

use super::case::{OnDelete, Table, about};
use super::catalog::{ForeignKey, Kind};
use super::engine::{Attempt, Bench, Columns, changed, describe_refusal, expect_refusal};
use super::fixtures::{self, ID, NOON};
use crate::support::Refusal;

impl Bench {
    /// The tables with the cases that follow from the types of their columns.
    pub(super) fn tables(&self) -> Vec<Table> {
        super::tables().into_iter().map(|table| self.completed(table)).collect()
    }

    /// The table with the cases that follow from the types of its columns.
    pub(super) fn completed(&self, table: Table) -> Table {
        let mut groups = Vec::new();
        for column in self.columns(&table) {
            if column.data_type == "timestamp with time zone" {
                let times = about(format!("ck_{}_finite", table.name))
                    .refuses(&column.name, ["infinity", "-infinity"])
                    .accepts(
                        &column.name,
                        [NOON, "4713-01-01T00:00:00Z BC", "294276-12-31T23:59:59.999999Z"],
                    );
                groups.push(times.alone());
            }
            if column.data_type == "uuid" && column.in_primary_key {
                let ids = about(format!("ck_{}_id", table.name))
                    .refuses(&column.name, OTHER_VERSIONS)
                    .accepts(&column.name, OF_VERSION_7);
                groups.push(ids);
            }
        }
        table.cases(groups)
    }

    /// Runs the cases that follow from the catalog; says what is wrong with each that fails.
    pub(super) async fn run_generated(&mut self, table: &Table) -> Vec<String> {
        let rows = self.whole_rows(table).await;
        let mut failures = self.rows_show_every_column(table, &rows);
        failures.extend(self.columns_refuse_null(table, &rows).await);
        failures.extend(self.columns_refuse_unknown_labels(table, &rows).await);
        failures.extend(self.primary_key_refuses_a_second_row(table, &rows).await);
        for (name, on_delete) in &table.foreign_keys {
            if let Err(what) = self.foreign_key_holds(table, &rows, name, *on_delete).await {
                failures.push(format!("{}: {name}: {what}", table.name));
            }
        }
        failures
    }

    /// Otherwise a check on a column that is always null, or never, would hold for want of a row.
    fn rows_show_every_column(&self, table: &Table, rows: &[Columns]) -> Vec<String> {
        let mut failures = Vec::new();
        for column in self.columns(table) {
            if rows.iter().all(|row| row[&column.name].is_null()) {
                failures.push(format!("{}: no row has a {}", table.name, column.name));
            }
            if !column.not_null && rows.iter().all(|row| !row[&column.name].is_null()) {
                failures.push(format!("{}: no row is without a {}", table.name, column.name));
            }
        }
        failures
    }

    async fn columns_refuse_null(&mut self, table: &Table, rows: &[Columns]) -> Vec<String> {
        let mut failures = Vec::new();
        let columns = self.columns(table).filter(|column| column.not_null);
        let columns: Vec<_> = columns.map(|column| column.name.clone()).collect();
        for column in columns {
            let refusal = self.attempt_row(table, &rows[0], &json!({ &column: null })).await;
            let right = refusal.as_ref().is_err_and(|refusal| {
                refusal.code == "23502"
                    && refusal.column.as_ref() == Some(&column)
                    && refusal.table.as_deref().map(|name| self.catalog.root(name)) == Some(table.name)
            });
            if !right {
                failures.push(format!("{}: {column}: null {}", table.name, describe(&refusal)));
            }
        }
        failures
    }

    async fn columns_refuse_unknown_labels(&mut self, table: &Table, rows: &[Columns]) -> Vec<String> {
        let mut failures = Vec::new();
        let columns = self.columns(table);
        let columns: Vec<_> = columns
            .filter_map(|column| Some((column.name.clone(), column.enumeration.clone()?, column.is_array)))
            .collect();
        for (column, enumeration, is_array) in columns {
            for label in ["no_such_label", ""] {
                let value = if is_array { json!([label]) } else { json!(label) };
                let refusal = self.attempt_row(table, &rows[0], &json!({ &column: value })).await;
                let right = refusal.as_ref().is_err_and(|refusal| {
                    expect_refusal(&self.catalog, table.name, refusal, Kind::Enum, &enumeration).is_ok()
                });
                if !right {
                    failures.push(format!("{}: {column}: \"{label}\" {}", table.name, describe(&refusal)));
                }
            }
        }
        failures
    }

    async fn primary_key_refuses_a_second_row(&mut self, table: &Table, rows: &[Columns]) -> Vec<String> {
        let first = rows[0].clone();
        let Ok(mut second) = changed(&first, &table.another) else {
            return vec![format!("{}: `another` names a column that is not there", table.name)];
        };
        let different = self.attempt(Attempt {
            table: table.name,
            rows: vec![first.clone(), second.clone()],
            then: vec![],
        });
        if let Err(refusal) = different.await {
            return vec![format!("{}: `another` is refused: {}", table.name, describe_refusal(&refusal))];
        }
        for column in self.columns(table).filter(|column| column.in_primary_key) {
            second.insert(column.name.clone(), first[&column.name].clone());
        }
        let name = format!("pk_{}", table.name);
        let same = Attempt { table: table.name, rows: vec![first, second], then: vec![] };
        let refusal = self.attempt(same).await;
        let right = refusal.as_ref().is_err_and(|refusal| {
            expect_refusal(&self.catalog, table.name, refusal, Kind::PrimaryKey, &name).is_ok()
        });
        if right { vec![] } else { vec![format!("{name}: the same key {}", describe(&refusal))] }
    }

    async fn foreign_key_holds(
        &mut self,
        table: &Table,
        rows: &[Columns],
        name: &str,
        on_delete: OnDelete,
    ) -> Result<(), String> {
        let key = self.catalog.foreign_keys.iter().find(|key| key.table == table.name && key.name == name);
        let ForeignKey { column, parent, .. } = key.ok_or("there is no such foreign key")?;
        let (column, parent) = (column.clone(), parent.clone());
        let row = rows.iter().find(|row| !row[&column].is_null()).ok_or("no row refers to anything")?;

        let unknown = self.attempt_row(table, row, &json!({ &column: fixtures::UNKNOWN })).await;
        let refusal = unknown.err().ok_or("a row that refers to nothing is accepted")?;
        expect_refusal(&self.catalog, table.name, &refusal, Kind::ForeignKey, name)?;

        let spare = fixtures::spare(&parent);
        let child = changed(row, &json!({ &column: spare }))?;
        let rename = format!("UPDATE {parent} SET id = '{}' WHERE id = '{spare}'", fixtures::UNKNOWN);
        let renamed = self.attempt_then(table, &child, vec![rename]).await;
        let refusal = renamed.err().ok_or("the row that it refers to can be given another id")?;
        expect_refusal(&self.catalog, table.name, &refusal, Kind::ForeignKey, name)?;

        let delete = format!("DELETE FROM {parent} WHERE id = '{spare}'");
        match on_delete {
            OnDelete::Cascade => {
                // Divides by zero as long as the row is there, with its parent or without.
                let empty = format!("SELECT 1 / (count(*) = 0)::int FROM {} WHERE id = '{ID}'", table.name);
                let deleted = self.attempt_then(table, &child, vec![delete, empty]).await;
                deleted.map_err(|refusal| format!("does not cascade: {}", describe_refusal(&refusal)))
            }
            OnDelete::Restrict => {
                let deleted = self.attempt_then(table, &child, vec![delete]).await;
                let refusal = deleted.err().ok_or("the row that it refers to can be deleted")?;
                // SQL tells RESTRICT from NO ACTION, and so does PostgreSQL from version 18 on.
                let code = if self.catalog.version >= 180_000 { "23001" } else { "23503" };
                if refusal.code == code && refusal.constraint.as_deref() == Some(name) {
                    return Ok(());
                }
                Err(format!("the delete is refused otherwise: {}", describe_refusal(&refusal)))
            }
        }
    }

    async fn attempt_then(&mut self, table: &Table, row: &Columns, then: Vec<String>) -> Result<(), Refusal> {
        self.attempt(Attempt { table: table.name, rows: vec![row.clone()], then }).await
    }

    async fn attempt_row(&mut self, table: &Table, row: &Columns, change: &Value) -> Result<(), Refusal> {
        let row = changed(row, change).expect("a column of the catalog");
        self.attempt(Attempt { table: table.name, rows: vec![row], then: vec![] }).await
    }

    fn columns(&self, table: &Table) -> impl Iterator<Item = &super::catalog::Column> {
        self.catalog.tables.get(table.name).into_iter().flatten()
    }
}

/// Ids that are no UUIDs of version 7: nil and max among them, some with a 7 somewhere else, and two of
/// another variant.
const OTHER_VERSIONS: [&str; 19] = [
    "00000000-0000-0000-0000-000000000000",
    "c232ab00-9414-11ec-b3c8-9f6bdeced846",
    "000003e8-9414-21ec-b300-325096b39f47",
    "5df41881-3aed-3515-88a7-2f4a814cf09e",
    "919108f7-52d1-4320-9bac-f847db4148a8",
    "77777777-7777-4777-8777-777777777777",
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    "1ec9414c-232a-6b00-b3c8-9f6bdeced846",
    "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
    "019aa000-0000-7000-0000-000000000001",
    "019aa000-0000-7000-c000-000000000001",
    "019aa000-0000-9000-8000-000000000001",
    "019aa000-0000-a000-8000-000000000001",
    "019aa000-0000-b000-8000-000000000001",
    "019aa000-0000-c000-8000-000000000001",
    "019aa000-0000-d000-8000-000000000001",
    "019aa000-0000-e000-8000-000000000001",
    "019aa000-0000-f000-8000-000000000001",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

/// The first and the last, and that of RFC 9562.
const OF_VERSION_7: [&str; 4] = [
    "00000000-0000-7000-8000-000000000000",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "019AA000-0000-7FFF-9FFF-FFFFFFFFFFFF",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
];

fn describe(outcome: &Result<(), Refusal>) -> String {
    match outcome {
        Ok(()) => "is accepted".to_owned(),
        Err(refusal) => format!("is refused otherwise: {}", describe_refusal(refusal)),
    }
}
