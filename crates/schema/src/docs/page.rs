use super::markdown::{cell, code, code_cell, paragraphs, section, table, text};
use super::mermaid::{self, Detail};
use super::{GENERATED, link};
use crate::Schema;
use crate::model::{Column, Deferral, ForeignKey, Grant, Identity, Index, Key, ReferentialAction, Table};

/// The page of one table.
pub(super) fn page(schema: &Schema, of: &Table) -> String {
    let mut page = format!("{GENERATED}\n\n# {}\n", text(&of.name));
    page += &of.comment.as_deref().map(|comment| format!("\n{}\n", paragraphs(comment))).unwrap_or_default();
    page += "\n[All tables](README.md)\n";
    page += &section("Columns", &columns(schema, of));
    page += &section("Diagram", &format!("```mermaid\n{}```\n", neighbourhood(schema, of)));
    page += &section("Keys", &keys(of));
    page += &section("References", &references(schema, of));
    page += &section("Referenced by", &referenced_by(schema, of));
    page += &section("Checks", &checks(of));
    page += &section("Indexes", &indexes(of));
    page += &section("Triggers", &triggers(of));
    page += &section("Partitions", &partitions(of));
    page += &section(
        "Storage",
        &of.options.iter().map(|one| format!("- {}", code(one))).collect::<Vec<_>>().join("\n"),
    );
    page += &section("Row-level security", &policies(of));
    page += &section("Privileges", &privileges(of));
    page
}

fn columns(schema: &Schema, of: &Table) -> String {
    let rows: Vec<_> = of
        .columns
        .iter()
        .map(|column| {
            let null = if column.not_null { "no" } else { "yes" };
            let comment = cell(column.comment.as_deref().unwrap_or_default());
            [code_cell(&column.name), data_type(schema, column), null.to_owned(), default(column), comment]
        })
        .collect();
    table(["Column", "Type", "Null", "Default", "Description"], &rows)
}

fn data_type(schema: &Schema, column: &Column) -> String {
    let known = |name: &&String| schema.enums.iter().any(|one| one.name == **name);
    let mut shown = code_cell(&column.data_type);
    if let Some(name) = column.enum_name.as_ref().filter(known) {
        shown = format!("[{shown}](README.md#{})", name.to_lowercase());
    }
    let collation = column.collation.as_deref().map(|collation| format!(" collate {}", code_cell(collation)));
    shown + &collation.unwrap_or_default()
}

fn default(column: &Column) -> String {
    if let Some(generated) = &column.generated {
        return format!("computed: {}", code_cell(&generated.expression));
    }
    match column.identity {
        Some(Identity::Always) => "identity, always".to_owned(),
        Some(Identity::ByDefault) => "identity".to_owned(),
        None => column.default.as_deref().map(code_cell).unwrap_or_default(),
    }
}

fn neighbourhood(schema: &Schema, of: &Table) -> String {
    let neighbour = |other: &&Table| {
        other.name != of.name
            && (of.foreign_keys.iter().any(|key| key.references_table == other.name)
                || other.foreign_keys.iter().any(|key| key.references_table == of.name))
    };
    let others = schema.tables.iter().filter(neighbour).map(|other| (other, Detail::Name));
    mermaid::diagram(std::iter::once((of, Detail::Columns)).chain(others))
}

fn keys(of: &Table) -> String {
    let row = |kind: &str, key: &Key| {
        let mut columns = vec![key.columns.join(", ")];
        columns.extend((!key.include.is_empty()).then(|| format!("include {}", key.include.join(", "))));
        let nulls = if key.nulls_not_distinct { ", nulls not distinct" } else { "" };
        let kind = format!("{kind}{nulls}{}", deferral(key.deferral));
        [
            code_cell(&key.name),
            kind,
            code_cell(&columns.join(" ")),
            cell(key.comment.as_deref().unwrap_or_default()),
        ]
    };
    let mut rows: Vec<_> = of.primary_key.iter().map(|key| row("primary key", key)).collect();
    rows.extend(of.uniques.iter().map(|key| row("unique", key)));
    table(["Name", "Kind", "Columns", "Description"], &rows)
}

fn references(schema: &Schema, of: &Table) -> String {
    let rows: Vec<_> = of
        .foreign_keys
        .iter()
        .map(|key| {
            let target =
                schema.table(&key.references_table).map_or_else(|| text(&key.references_table), link);
            [
                code_cell(&key.name),
                code_cell(&key.columns.join(", ")),
                format!("{target} ({})", code_cell(&key.references_columns.join(", "))),
                actions(key),
                cell(key.comment.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    table(["Name", "Columns", "To", "On delete", "Description"], &rows)
}

fn referenced_by(schema: &Schema, of: &Table) -> String {
    let rows: Vec<_> = schema
        .references_to(&of.name)
        .map(|(table, key)| {
            let columns = format!("{} ({})", link(table), code_cell(&key.columns.join(", ")));
            [columns, code_cell(&key.references_columns.join(", ")), actions(key)]
        })
        .collect();
    table(["By", "Columns", "On delete"], &rows)
}

fn actions(key: &ForeignKey) -> String {
    let mut shown = vec![key.on_delete.to_string()];
    if !key.on_delete_columns.is_empty() {
        shown.push(format!("({})", code_cell(&key.on_delete_columns.join(", "))));
    }
    if key.on_update != ReferentialAction::NoAction {
        shown.push(format!("on update {}", key.on_update));
    }
    let unchecked = if key.validated && key.enforced { "" } else { ", not validated" };
    shown.join(" ") + deferral(key.deferral) + unchecked
}

fn deferral(deferral: Deferral) -> &'static str {
    match deferral {
        Deferral::NotDeferrable => "",
        Deferral::Deferrable => ", deferrable",
        Deferral::InitiallyDeferred => ", deferred",
    }
}

fn checks(of: &Table) -> String {
    let checks = of.checks.iter().map(|check| (&check.name, &check.expression, &check.comment));
    let exclusions = of.exclusions.iter().map(|one| (&one.name, &one.definition, &one.comment));
    let rows: Vec<_> = checks
        .chain(exclusions)
        .map(|(name, rule, comment)| {
            [code_cell(name), code_cell(rule), cell(comment.as_deref().unwrap_or_default())]
        })
        .collect();
    table(["Name", "Rule", "Description"], &rows)
}

fn indexes(of: &Table) -> String {
    let definition = |index: &Index| {
        let keys: Vec<_> = index.keys.iter().map(|key| key.definition.as_str()).collect();
        let mut shown = vec![format!("{} ({})", index.method, keys.join(", "))];
        shown.extend((!index.include.is_empty()).then(|| format!("include ({})", index.include.join(", "))));
        shown.extend(index.predicate.as_ref().map(|predicate| format!("where {predicate}")));
        shown.join(" ")
    };
    let rows: Vec<_> = of
        .indexes
        .iter()
        .map(|index| {
            let unique = match (index.unique, index.valid) {
                (_, false) => "invalid",
                (true, true) => "yes",
                (false, true) => "",
            };
            let comment = cell(index.comment.as_deref().unwrap_or_default());
            [code_cell(&index.name), code_cell(&definition(index)), unique.to_owned(), comment]
        })
        .collect();
    table(["Name", "Definition", "Unique", "Description"], &rows)
}

fn triggers(of: &Table) -> String {
    let rows: Vec<_> = of
        .triggers
        .iter()
        .map(|trigger| {
            let state = trigger.state.as_ref().map(|state| format!("({state}) ")).unwrap_or_default();
            let comment = cell(trigger.comment.as_deref().unwrap_or_default());
            [code_cell(&trigger.name), format!("{state}{}", code_cell(&trigger.definition)), comment]
        })
        .collect();
    table(["Name", "Definition", "Description"], &rows)
}

fn partitions(of: &Table) -> String {
    let Some(partitioning) = &of.partitioning else { return String::new() };
    let rows: Vec<_> = partitioning
        .partitions
        .iter()
        .map(|one| [code_cell(&one.name), code_cell(&one.bound), code_cell(&one.options.join(", "))])
        .collect();
    let list = table(["Partition", "Rows", "Storage"], &rows);
    format!("By {}.\n\n{list}", code_cell(&partitioning.key))
}

fn policies(of: &Table) -> String {
    let security = &of.row_security;
    if !security.enabled && security.policies.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = security
        .policies
        .iter()
        .map(|policy| {
            [
                code_cell(&policy.name),
                policy.command.clone(),
                cell(&policy.roles.join(", ")),
                policy.using.as_deref().map(code_cell).unwrap_or_default(),
                policy.with_check.as_deref().map(code_cell).unwrap_or_default(),
            ]
        })
        .collect();
    let state = match (security.enabled, security.forced) {
        (false, _) => "Disabled",
        (true, false) => "Enabled",
        (true, true) => "Enabled, also for the owner",
    };
    format!("{state}.\n\n{}", table(["Policy", "Command", "Roles", "Sees", "Writes"], &rows))
}

fn privileges(of: &Table) -> String {
    let row = |grant: &Grant, on: String| [cell(&grant.grantee), grant.privileges.join(", "), on];
    let mut rows: Vec<_> = of.grants.iter().map(|grant| row(grant, "all columns".to_owned())).collect();
    for column in &of.columns {
        rows.extend(column.grants.iter().map(|grant| row(grant, code_cell(&column.name))));
    }
    table(["Role", "May", "On"], &rows)
}
