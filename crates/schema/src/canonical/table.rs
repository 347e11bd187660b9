use super::text::{Text, privileges};
use crate::model::{
    Check, Column, Deferral, ForeignKey, Generated, Identity, Index, Key, Partition, Policy,
    ReferentialAction, Table, Trigger,
};

pub(super) fn text(table: &Table) -> String {
    let mut text = Text::default();
    text.title(&format!("{} {}", if table.unlogged { "unlogged table" } else { "table" }, table.name));
    text.comment(4, table.comment.as_deref());
    text.section("columns", &table.columns, column);
    text.section("primary key", table.primary_key.as_slice(), key);
    text.section("unique", &table.uniques, key);
    text.section("foreign keys", &table.foreign_keys, foreign_key);
    text.section("checks", &table.checks, check);
    text.section("exclusions", &table.exclusions, |text, exclusion| {
        text.item(&exclusion.name, &exclusion.definition);
        text.comment(6, exclusion.comment.as_deref());
    });
    text.section("indexes", &table.indexes, index);
    text.section("triggers", &table.triggers, trigger);
    if let Some(partitioning) = &table.partitioning {
        text.title(&format!("partitions by {}", partitioning.key));
        partitioning.partitions.iter().for_each(|one| partition(&mut text, one));
    }
    text.section("options", &table.options, |text, option| text.line(2, option));
    policies(&mut text, table);
    grants(&mut text, table);
    text.finish()
}

/// A column of a table or of a view.
pub(super) fn column(text: &mut Text, column: &Column) {
    let null = if column.not_null { "not null" } else { "" };
    let mut parts = vec![format!("{:<32} {null:<8}", column.data_type)];
    parts.extend(column.collation.as_ref().map(|collation| format!("collate \"{collation}\"")));
    parts.extend(column.default.as_ref().map(|default| format!("default {default}")));
    parts.extend(column.identity.map(|identity| {
        let when = if identity == Identity::Always { "always" } else { "by default" };
        format!("generated {when} as identity")
    }));
    parts.extend(column.generated.as_ref().map(|Generated { expression, stored }| {
        format!("generated always as ({expression}) {}", if *stored { "stored" } else { "virtual" })
    }));
    text.item(&column.name, &parts.join(" "));
    text.comment(6, column.comment.as_deref());
}

fn key(text: &mut Text, key: &Key) {
    let mut parts = vec![columns(&key.columns)];
    parts.extend((!key.include.is_empty()).then(|| format!("include {}", columns(&key.include))));
    parts.extend(key.nulls_not_distinct.then(|| "nulls not distinct".to_owned()));
    parts.extend(deferral(key.deferral));
    text.item(&key.name, &parts.join(" "));
    text.comment(6, key.comment.as_deref());
}

fn foreign_key(text: &mut Text, key: &ForeignKey) {
    let mut parts = vec![format!("-> {} {}", key.references_table, columns(&key.references_columns))];
    parts.extend(key.match_full.then(|| "match full".to_owned()));
    let acts = |action| action != ReferentialAction::NoAction;
    parts.extend(acts(key.on_delete).then(|| format!("on delete {}", key.on_delete)));
    parts.extend((!key.on_delete_columns.is_empty()).then(|| columns(&key.on_delete_columns)));
    parts.extend(acts(key.on_update).then(|| format!("on update {}", key.on_update)));
    parts.extend(deferral(key.deferral));
    parts.extend(validity(key.validated, key.enforced));
    text.item_in_parts(&key.name, &[columns(&key.columns), parts.join(" ")]);
    text.comment(6, key.comment.as_deref());
}

/// A check of a table or of a domain.
pub(super) fn check(text: &mut Text, check: &Check) {
    let mut rest: Vec<_> = check.no_inherit.then(|| "no inherit".to_owned()).into_iter().collect();
    rest.extend(validity(check.validated, check.enforced));
    text.condition(&check.name, &check.expression, &rest.join(" "));
    text.comment(6, check.comment.as_deref());
}

fn index(text: &mut Text, index: &Index) {
    let keys: Vec<_> = index.keys.iter().map(|key| key.definition.clone()).collect();
    let unique = if index.unique { "unique " } else { "" };
    let mut parts = vec![format!("{unique}{} {}", index.method, columns(&keys))];
    if !index.include.is_empty() {
        parts.push(format!("include {}", columns(&index.include)));
    }
    if index.nulls_not_distinct {
        parts.push("nulls not distinct".to_owned());
    }
    if !index.options.is_empty() {
        parts.push(format!("with {}", columns(&index.options)));
    }
    if let Some(predicate) = &index.predicate {
        parts.push(format!("where {predicate}"));
    }
    if !index.valid {
        parts.push("INVALID".to_owned());
    }
    text.item_in_parts(&index.name, &parts);
    text.comment(6, index.comment.as_deref());
}

fn trigger(text: &mut Text, trigger: &Trigger) {
    text.item(&trigger.name, trigger.state.as_deref().unwrap_or_default());
    text.line(6, &trigger.definition);
    text.comment(6, trigger.comment.as_deref());
}

fn partition(text: &mut Text, partition: &Partition) {
    let mut parts = vec![partition.bound.clone()];
    parts.extend(partition.parent.as_ref().map(|parent| format!("of {parent}")));
    parts.extend(partition.key.as_ref().map(|key| format!("partition by {key}")));
    if !partition.options.is_empty() {
        parts.push(format!("with {}", columns(&partition.options)));
    }
    text.item_in_parts(&partition.name, &parts);
}

fn policies(text: &mut Text, table: &Table) {
    let security = &table.row_security;
    if !(security.enabled || security.forced || !security.policies.is_empty()) {
        return;
    }
    let enabled = if security.enabled { "enabled" } else { "disabled" };
    text.title(&format!("row security {enabled}{}", if security.forced { ", forced" } else { "" }));
    for policy in &security.policies {
        let Policy { name, permissive, command, roles, using, with_check, comment } = policy;
        let kind = if *permissive { "permissive" } else { "restrictive" };
        text.item(name, &format!("{kind} for {command} to {}", roles.join(", ")));
        for (word, expression) in [("using", using), ("with check", with_check)] {
            if let Some(expression) = expression {
                text.lines(6, &format!("{word} {expression}"));
            }
        }
        text.comment(6, comment.as_deref());
    }
}

fn grants(text: &mut Text, table: &Table) {
    let on_columns =
        table.columns.iter().flat_map(|column| column.grants.iter().map(move |one| (column, one)));
    let mut lines: Vec<_> = on_columns
        .map(|(column, grant)| (grant.grantee.as_str(), privileges(grant, &format!(" ({})", column.name))))
        .chain(table.grants.iter().map(|grant| (grant.grantee.as_str(), privileges(grant, ""))))
        .collect();
    lines.sort();
    text.section("grants", &lines, |text, (grantee, privileges)| text.item(grantee, privileges));
}

fn columns(names: &[String]) -> String {
    format!("({})", names.join(", "))
}

fn deferral(deferral: Deferral) -> Option<String> {
    match deferral {
        Deferral::NotDeferrable => None,
        Deferral::Deferrable => Some("deferrable".to_owned()),
        Deferral::InitiallyDeferred => Some("deferrable initially deferred".to_owned()),
    }
}

fn validity(validated: bool, enforced: bool) -> Option<String> {
    match (validated, enforced) {
        (_, false) => Some("not enforced".to_owned()),
        (false, true) => Some("not valid".to_owned()),
        (true, true) => None,
    }
}
