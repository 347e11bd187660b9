use sea_query::{
    ColumnType, ConditionalStatement, Expr, ForeignKey, ForeignKeyAction, Index, IndexColumn,
    IndexCreateStatement, IntoColumnDef, PostgresQueryBuilder, Table, TableCreateStatement,
};

use super::{literal, uuid_v7};

/// One table with everything that belongs to it.
pub(crate) struct TableDefinition {
    name: &'static str,
    statement: TableCreateStatement,
    default_partition: bool,
    storage: Option<&'static str>,
    indexes: Vec<IndexCreateStatement>,
    constraint_comments: Vec<(String, String)>,
}

/// A table and the words that the generated documentation uses for it.
pub(crate) fn table(name: &'static str, comment: &str) -> TableDefinition {
    TableDefinition {
        name,
        statement: Table::create().table(name).comment(comment).take(),
        default_partition: false,
        storage: None,
        indexes: Vec::new(),
        constraint_comments: Vec::new(),
    }
}

impl TableDefinition {
    /// Adds a column; its `comment` becomes a `COMMENT ON COLUMN`.
    pub(crate) fn column(mut self, column: impl IntoColumnDef) -> Self {
        self.statement.col(column);
        self
    }

    /// `pk_<table>`.
    pub(crate) fn primary_key(mut self, column: &'static str) -> Self {
        self.statement.primary_key(Index::create().name(format!("pk_{}", self.name)).col(column));
        self
    }

    /// `pk_<table>` on `id`, which has to be a UUID of version 7: inserts append to the index, and the
    /// id says when it was made.
    pub(crate) fn primary_key_uuid_v7(self) -> Self {
        self.primary_key("id").check("id", uuid_v7("id"))
    }

    /// `ck_<table>_finite`: none of the times is infinite, which most client libraries cannot read.
    pub(crate) fn finite_times(self) -> Self {
        let columns = self.statement.get_columns().iter();
        let times =
            columns.filter(|column| column.get_column_type() == Some(&ColumnType::TimestampWithTimeZone));
        let finite: Vec<_> = times.map(|column| format!("isfinite({})", column.get_column_name())).collect();
        let condition = finite.join(" AND ");
        self.check("finite", condition)
    }

    /// `fk_<table>_<column>`, for a table whose rows go away: an index has to serve it.
    pub(crate) fn references(
        mut self,
        column: &'static str,
        target: &'static str,
        on_delete: ForeignKeyAction,
    ) -> Self {
        self.statement.foreign_key(
            ForeignKey::create()
                .name(format!("fk_{}_{column}", self.name))
                .from(self.name, column)
                .to(target, "id")
                .on_delete(on_delete),
        );
        self
    }

    /// `fk_<table>_<column>` that no index serves, and why that is right. Deleting the referenced
    /// row is refused while this one exists.
    pub(crate) fn references_unindexed(
        mut self,
        column: &'static str,
        target: &'static str,
        reason: &str,
    ) -> Self {
        self.constraint_comments.push((format!("fk_{}_{column}", self.name), format!("Unindexed: {reason}")));
        self.references(column, target, ForeignKeyAction::Restrict)
    }

    /// `ck_<table>_<what>`.
    pub(crate) fn check(mut self, what: &str, condition: impl Into<String>) -> Self {
        self.statement.check((format!("ck_{}_{what}", self.name), Expr::cust(condition.into())));
        self
    }

    /// `uq_<table>_<columns>`.
    pub(crate) fn unique(mut self, column: &'static str) -> Self {
        self.statement.index(Index::create().unique().name(format!("uq_{}_{column}", self.name)).col(column));
        self
    }

    /// `uq_<table>_lower_<column>`: unique without regard to case.
    pub(crate) fn unique_ignoring_case(self, column: &'static str) -> Self {
        let name = format!("uq_{}_lower_{column}", self.name);
        self.add_index(
            Index::create().unique().name(name).col(Expr::cust(format!("lower({column})"))).take(),
            None,
        )
    }

    /// `uq_<table>_<column>` among the rows that the condition selects.
    pub(crate) fn unique_where(self, column: &'static str, condition: &'static str) -> Self {
        let name = format!("uq_{}_{column}", self.name);
        self.add_index(Index::create().unique().name(name).col(column).take(), Some(condition))
    }

    /// `idx_<table>_<columns>`.
    pub(crate) fn index<const N: usize>(self, columns: [&'static str; N]) -> Self {
        let name = format!("idx_{}_{}", self.name, columns.join("_"));
        self.index_named(name, columns)
    }

    /// An index whose name operators know already.
    pub(crate) fn index_named<const N: usize>(
        self,
        name: impl Into<String>,
        columns: [&'static str; N],
    ) -> Self {
        self.add_index(index_on(name.into(), columns), None)
    }

    /// `idx_<table>_<column>` over the rows where the column is set.
    pub(crate) fn index_where_set(self, column: &'static str) -> Self {
        self.index_where([column], &format!("{column} IS NOT NULL"))
    }

    /// `idx_<table>_<columns>` over the rows that the condition selects.
    pub(crate) fn index_where<const N: usize>(self, columns: [&'static str; N], condition: &str) -> Self {
        let name = format!("idx_{}_{}", self.name, columns.join("_"));
        self.add_index(index_on(name, columns), Some(condition))
    }

    /// Range partitions by the column, and a default partition, so that an insert never fails
    /// because maintenance is late. Dated partitions are made by maintenance, not by migrations.
    pub(crate) fn partition_by_range(mut self, column: &'static str) -> Self {
        self.statement.partition_by_range([column]);
        self.default_partition = true;
        self
    }

    /// Storage parameters, of the default partition where there is one.
    pub(crate) fn storage(mut self, parameters: &'static str) -> Self {
        self.storage = Some(parameters);
        self
    }

    pub(super) fn into_statements(mut self) -> Vec<String> {
        let name = self.name;
        let mut statements = Vec::new();
        let with = self.storage.map(|parameters| format!(" WITH ({parameters})")).unwrap_or_default();
        if self.default_partition {
            statements.push(self.statement.to_string(PostgresQueryBuilder));
            statements.push(format!("CREATE TABLE \"{name}_default\" PARTITION OF \"{name}\" DEFAULT{with}"));
        } else {
            if !with.is_empty() {
                self.statement.extra(with.trim_start());
            }
            statements.push(self.statement.to_string(PostgresQueryBuilder));
        }
        statements.extend(self.indexes.iter().map(|index| index.to_string(PostgresQueryBuilder)));
        if let Some(comment) = self.statement.get_comment() {
            statements.push(format!("COMMENT ON TABLE \"{name}\" IS {}", literal(comment)));
        }
        for column in self.statement.get_columns() {
            if let Some(comment) = &column.get_column_spec().comment {
                let column = column.get_column_name();
                statements.push(format!("COMMENT ON COLUMN \"{name}\".\"{column}\" IS {}", literal(comment)));
            }
        }
        for (constraint, comment) in &self.constraint_comments {
            statements.push(format!(
                "COMMENT ON CONSTRAINT \"{constraint}\" ON \"{name}\" IS {}",
                literal(comment)
            ));
        }
        statements
    }

    fn add_index(mut self, mut index: IndexCreateStatement, condition: Option<&str>) -> Self {
        index.table(self.name);
        if let Some(condition) = condition {
            index.and_where(Expr::cust(condition.to_owned()));
        }
        self.indexes.push(index);
        self
    }
}

fn index_on<const N: usize>(name: String, columns: [&'static str; N]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).take();
    for column in columns {
        index.col(IndexColumn::from(column));
    }
    index
}
