use sqlx::postgres::{PgConnection, PgRow};

use super::{ReadError, ReadOptions, objects, relations::Relations};
use crate::Schema;

/// The answer of one query of the catalog.
pub(super) struct Answer {
    what: &'static str,
    rows: Vec<PgRow>,
}

impl Answer {
    /// Gives each row to `take`, whose error is one of decoding.
    pub(super) fn each(&self, take: impl FnMut(&PgRow) -> Result<(), sqlx::Error>) -> Result<(), ReadError> {
        self.rows.iter().try_for_each(take).map_err(|source| ReadError::Catalog { what: self.what, source })
    }

    /// What `make` makes of each row.
    pub(super) fn map<T>(
        &self,
        make: impl FnMut(&PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, ReadError> {
        let all = self.rows.iter().map(make).collect::<Result<_, _>>();
        all.map_err(|source| ReadError::Catalog { what: self.what, source })
    }
}

/// Everything that is read, before it is put together.
pub(super) struct Catalog {
    pub(super) relations: Answer,
    pub(super) columns: Answer,
    pub(super) constraints: Answer,
    pub(super) indexes: Answer,
    pub(super) triggers: Answer,
    pub(super) policies: Answer,
    pub(super) partitions: Answer,
    pub(super) enums: Answer,
    pub(super) domains: Answer,
    pub(super) domain_checks: Answer,
    pub(super) functions: Answer,
    pub(super) sequences: Answer,
    pub(super) grants: Answer,
}

impl Catalog {
    pub(super) async fn fetch(connection: &mut PgConnection) -> Result<Self, ReadError> {
        let settings = sqlx::raw_sql(include_str!("sql/settings.sql")).execute(&mut *connection).await;
        settings.map_err(ReadError::Transaction)?;
        Ok(Self {
            relations: ask(connection, "tables", include_str!("sql/relations.sql")).await?,
            columns: ask(connection, "columns", include_str!("sql/columns.sql")).await?,
            constraints: ask(connection, "constraints", include_str!("sql/constraints.sql")).await?,
            indexes: ask(connection, "indexes", include_str!("sql/indexes.sql")).await?,
            triggers: ask(connection, "triggers", include_str!("sql/triggers.sql")).await?,
            policies: ask(connection, "policies", include_str!("sql/policies.sql")).await?,
            partitions: ask(connection, "partitions", include_str!("sql/partitions.sql")).await?,
            enums: ask(connection, "enums", include_str!("sql/enums.sql")).await?,
            domains: ask(connection, "domains", include_str!("sql/domains.sql")).await?,
            domain_checks: ask(connection, "checks of domains", include_str!("sql/domain_checks.sql"))
                .await?,
            functions: ask(connection, "functions", include_str!("sql/functions.sql")).await?,
            sequences: ask(connection, "sequences", include_str!("sql/sequences.sql")).await?,
            grants: ask(connection, "grants", include_str!("sql/grants.sql")).await?,
        })
    }

    pub(super) fn schema(&self, options: ReadOptions<'_>) -> Result<Schema, ReadError> {
        let grants = super::grants::all(self)?;
        let Relations { tables, views } = Relations::assemble(self, &grants, options)?;
        Ok(Schema {
            tables: tables.into_values().collect(),
            views: views.into_values().collect(),
            enums: objects::enums(self, &grants)?,
            domains: objects::domains(self, &grants)?,
            functions: objects::functions(self, &grants)?,
            sequences: objects::sequences(self, &grants, options)?,
            grants: grants.schema(),
        })
    }
}

async fn ask(
    connection: &mut PgConnection,
    what: &'static str,
    sql: &'static str,
) -> Result<Answer, ReadError> {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await;
    rows.map(|rows| Answer { what, rows }).map_err(|source| ReadError::Catalog { what, source })
}
