//! `migrate new`: the file of a new migration, and its place in the list.

use std::fs;

use anstream::println;
use authority_admin::{Failure, Outcome};
use sea_orm::prelude::ChronoUtc;

use crate::tree;

/// Writes the migration and registers it.
///
/// Fails, with nothing written, when the name has no letter or digit, or a migration of that name
/// exists.
pub(crate) fn run(name: &str) -> Outcome {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        return Err(Failure::wrong_usage("a migration's name needs letters, such as add_consents"));
    }
    let name = words.join("_");
    let folder = tree::root().join(tree::MIGRATIONS);
    let list = folder.join("mod.rs");
    let failed = |error: std::io::Error| Failure::saying(format!("cannot write a migration: {error}"));
    let text = fs::read_to_string(&list).map_err(failed)?;
    if let Some(existing) = modules(&text).find(|module| module.ends_with(&format!("_{name}"))) {
        return Err(Failure::saying(format!("there is a migration of that name: {existing}")));
    }
    let newest = modules(&text).last().unwrap_or_default();
    let module = format!("{}_{name}", next_prefix(newest, &ChronoUtc::now().format("%Y%m%d").to_string()));
    let file = folder.join(format!("{module}.rs"));
    fs::write(&file, TEMPLATE.replace("NAME", &words.join(" "))).map_err(failed)?;
    fs::write(&list, registered(&text, &module)).map_err(failed)?;
    println!("{}/{module}.rs", tree::MIGRATIONS);
    Ok(())
}

const TEMPLATE: &str = "//! What NAME is for, in one sentence.

use crate::Migration;
use crate::ddl::Script;

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

fn up() -> Script {
    Script::new()
}

fn down() -> Script {
    Script::new()
}
";

fn modules(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
}

/// `m<date>_<number>`: today and the next number of today, and in any case after the newest.
fn next_prefix(newest: &str, today: &str) -> String {
    let mut parts = newest.trim_start_matches('m').splitn(3, '_');
    let (date, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let number: u32 = number.parse().unwrap_or(0);
    if date < today { format!("m{today}_000001") } else { format!("m{date}_{:06}", number + 1) }
}

/// The list with the module at the end of both of its parts.
fn registered(list: &str, module: &str) -> String {
    let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
    let declared = lines.iter().rposition(|line| line.starts_with("mod ")).map_or(0, |at| at + 1);
    lines.insert(declared, format!("mod {module};"));
    let listed = lines.iter().rposition(|line| line == "];").unwrap_or(lines.len());
    lines.insert(listed, format!("    {module}::MIGRATION,"));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{next_prefix, registered};

    #[test]
    fn a_new_migration_sorts_after_the_newest() {
        assert_eq!(next_prefix("m20261123_000010_settings", "20261123"), "m20261123_000011");
        assert_eq!(next_prefix("m20261123_000010_settings", "20261124"), "m20261124_000001");
        assert_eq!(next_prefix("m20991231_000002_ahead", "20261124"), "m20991231_000003");
        assert_eq!(next_prefix("", "20261124"), "m20261124_000001");
    }

    #[test]
    fn a_new_migration_is_declared_and_listed_last() {
        let list = "mod a;\n\npub const ALL: &[Migration] = &[\n    a::MIGRATION,\n];\n";
        let expected =
            "mod a;\nmod b;\n\npub const ALL: &[Migration] = &[\n    a::MIGRATION,\n    b::MIGRATION,\n];\n";
        assert_eq!(registered(list, "b"), expected);
    }
}
