use super::markdown::{cell, code, code_cell, first_sentence, paragraphs, section, table};
use super::{GENERATED, diagram, link};
use crate::Schema;
use crate::model::{Check, Domain, Enum, Function};

/// `README.md`.
pub(super) fn page(schema: &Schema) -> String {
    let tables: Vec<_> = schema
        .tables
        .iter()
        .map(|table| [link(table), cell(&first_sentence(table.comment.as_deref().unwrap_or_default()))])
        .collect();
    let views: Vec<_> = schema
        .views
        .iter()
        .map(|view| {
            let columns: Vec<_> = view.columns.iter().map(|column| column.name.as_str()).collect();
            [
                code_cell(&view.name),
                code_cell(&columns.join(", ")),
                cell(view.comment.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let sequences: Vec<_> = schema
        .sequences
        .iter()
        .map(|one| {
            [
                code_cell(&one.name),
                one.owned_by.as_deref().map(code_cell).unwrap_or_default(),
                cell(one.comment.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let mut page = format!("{GENERATED}\n\n# Database schema\n");
    page += &section("Tables", &table(["Table", "Holds"], &tables));
    if !schema.tables.is_empty() {
        let legend = "Each table with the columns of its keys. `|o` marks a reference that may be null.";
        page += &section("Diagram", &format!("{legend}\n\n```mermaid\n{}```\n", diagram(schema)));
    }
    page += &section("Views", &table(["View", "Columns", "Shows"], &views));
    page += &section("Enums", &schema.enums.iter().map(one_enum).collect::<Vec<_>>().join("\n"));
    page += &section("Domains", &schema.domains.iter().map(domain).collect::<Vec<_>>().join("\n"));
    page += &section("Functions", &schema.functions.iter().map(function).collect::<Vec<_>>().join("\n"));
    page += &section("Sequences", &table(["Sequence", "Column", "Description"], &sequences));
    page
}

fn one_enum(one: &Enum) -> String {
    let labels: Vec<_> = one.labels.iter().map(|label| code(label)).collect();
    entry(&one.name, one.comment.as_deref(), &format!("{}\n", labels.join(", ")))
}

fn domain(domain: &Domain) -> String {
    let mut restrictions = vec![code(&domain.data_type)];
    restrictions.extend(domain.not_null.then(|| "not null".to_owned()));
    restrictions.extend(domain.default.as_deref().map(|default| format!("default {}", code(default))));
    let check = |check: &Check| {
        let comment =
            check.comment.as_deref().map(|comment| format!(": {}", cell(comment))).unwrap_or_default();
        format!("- {} {}{comment}", code(&check.name), code(&check.expression))
    };
    let checks: Vec<_> = domain.checks.iter().map(check).collect();
    let body = format!("{}\n\n{}", restrictions.join(", "), checks.join("\n"));
    entry(&domain.name, domain.comment.as_deref(), &format!("{}\n", body.trim_end()))
}

fn function(function: &Function) -> String {
    let result = function.result.as_deref().map(|result| format!(" returns {result}")).unwrap_or_default();
    let signature = format!("{}({}){result}", function.name, function.arguments);
    let body = format!("{}, in {}\n", code(&signature), function.language);
    entry(&function.name, function.comment.as_deref(), &body)
}

fn entry(name: &str, comment: Option<&str>, body: &str) -> String {
    let comment = comment.map(|comment| format!("{}\n\n", paragraphs(comment))).unwrap_or_default();
    format!("### {}\n\n{comment}{body}", super::markdown::text(name))
}
