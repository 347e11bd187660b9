//! What is neither a table nor on one.

use sqlx::Row as _;

use super::{ReadError, ReadOptions, catalog::Catalog, grants::Grants};
use crate::expression::{items, reread, without_parentheses};
use crate::model::{Check, Domain, Enum, Function, Sequence};

pub(super) fn enums(catalog: &Catalog, grants: &Grants) -> Result<Vec<Enum>, ReadError> {
    catalog.enums.map(|row| {
        let name: String = row.try_get("name")?;
        Ok(Enum {
            grants: grants.type_(&name),
            labels: row.try_get("labels")?,
            comment: row.try_get("comment")?,
            name,
        })
    })
}

pub(super) fn domains(catalog: &Catalog, grants: &Grants) -> Result<Vec<Domain>, ReadError> {
    let mut domains = catalog.domains.map(|row| {
        let name: String = row.try_get("name")?;
        Ok(Domain {
            grants: grants.type_(&name),
            data_type: row.try_get("data_type")?,
            not_null: row.try_get("not_null")?,
            default: row.try_get("default_value")?,
            collation: row.try_get("collation")?,
            checks: Vec::new(),
            comment: row.try_get("comment")?,
            name,
        })
    })?;
    catalog.domain_checks.each(|row| {
        let of: String = row.try_get("domain")?;
        let Some(domain) = domains.iter_mut().find(|domain| domain.name == of) else { return Ok(()) };
        domain.checks.push(Check {
            name: row.try_get("name")?,
            expression: reread(without_parentheses(row.try_get("expression")?)),
            validated: row.try_get("validated")?,
            enforced: true,
            no_inherit: false,
            comment: row.try_get("comment")?,
        });
        Ok(())
    })?;
    Ok(domains)
}

pub(super) fn functions(catalog: &Catalog, grants: &Grants) -> Result<Vec<Function>, ReadError> {
    catalog.functions.map(|row| {
        let definition: String = row.try_get("definition")?;
        let arguments: &str = row.try_get("arguments_with_defaults")?;
        Ok(Function {
            name: row.try_get("name")?,
            arguments: without_in(row.try_get("arguments")?),
            result: row.try_get("result")?,
            language: row.try_get("language")?,
            definition: definition.trim_end().replacen(arguments, &without_in(arguments), 1),
            comment: row.try_get("comment")?,
            grants: grants.function(row.try_get("signature")?),
        })
    })
}

/// The arguments without the mode `IN`, which PostgreSQL prints for those of a procedure since 14.
fn without_in(arguments: &str) -> String {
    let arguments = items(arguments).into_iter().map(|one| one.strip_prefix("IN ").unwrap_or(one));
    arguments.collect::<Vec<_>>().join(", ")
}

pub(super) fn sequences(
    catalog: &Catalog,
    grants: &Grants,
    options: ReadOptions<'_>,
) -> Result<Vec<Sequence>, ReadError> {
    let sequences = catalog.sequences.map(|row| {
        let owner: Option<String> = row.try_get("owner_table")?;
        if owner.as_ref().is_some_and(|owner| options.exclude_tables.contains(&owner.as_str())) {
            return Ok(None);
        }
        let column: Option<String> = row.try_get("owner_column")?;
        let name: String = row.try_get("name")?;
        Ok(Some(Sequence {
            grants: grants.relation(&name),
            data_type: row.try_get("data_type")?,
            start: row.try_get("start")?,
            increment: row.try_get("increment")?,
            minimum: row.try_get("minimum")?,
            maximum: row.try_get("maximum")?,
            cache: row.try_get("cache")?,
            cycle: row.try_get("cycle")?,
            owned_by: owner.zip(column).map(|(table, column)| format!("{table}.{column}")),
            comment: row.try_get("comment")?,
            name,
        }))
    })?;
    Ok(sequences.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::without_in;

    #[test]
    fn only_the_mode_in_is_left_out_of_arguments() {
        assert_eq!(
            without_in("INOUT a bigint, IN b text DEFAULT ', IN '::text"),
            "INOUT a bigint, b text DEFAULT ', IN '::text"
        );
        assert_eq!(without_in("\"IN\" integer"), "\"IN\" integer");
        assert_eq!(without_in(""), "");
    }
}
