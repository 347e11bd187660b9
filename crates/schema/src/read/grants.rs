use std::collections::HashMap;

use sqlx::Row as _;

use super::{ReadError, catalog::Catalog};
use crate::model::Grant;

/// The grants of every object, by its kind, name and, of a column's, the column.
pub(super) struct Grants(HashMap<(String, String, Option<String>), Vec<Grant>>);

/// Collects the grants of the catalog.
pub(super) fn all(catalog: &Catalog) -> Result<Grants, ReadError> {
    let mut grants: HashMap<_, Vec<Grant>> = HashMap::new();
    catalog.grants.each(|row| {
        let object = (row.try_get("kind")?, row.try_get("name")?, row.try_get("column_name")?);
        grants.entry(object).or_default().push(Grant {
            grantee: row.try_get("grantee")?,
            privileges: row.try_get("privileges")?,
            grantable: row.try_get("grantable")?,
        });
        Ok(())
    })?;
    Ok(Grants(grants))
}

impl Grants {
    /// Of a table, a view or a sequence.
    pub(super) fn relation(&self, name: &str) -> Vec<Grant> {
        self.of("relation", name, None)
    }

    /// Of one column.
    pub(super) fn column(&self, relation: &str, column: &str) -> Vec<Grant> {
        self.of("relation", relation, Some(column))
    }

    /// Of the function with that `regprocedure`.
    pub(super) fn function(&self, signature: &str) -> Vec<Grant> {
        self.of("function", signature, None)
    }

    /// Of an enum or a domain.
    pub(super) fn type_(&self, name: &str) -> Vec<Grant> {
        self.of("type", name, None)
    }

    /// Of the schema itself.
    pub(super) fn schema(&self) -> Vec<Grant> {
        self.of("schema", "public", None)
    }

    fn of(&self, kind: &str, name: &str, column: Option<&str>) -> Vec<Grant> {
        let object = (kind.to_owned(), name.to_owned(), column.map(str::to_owned));
        self.0.get(&object).cloned().unwrap_or_default()
    }
}
