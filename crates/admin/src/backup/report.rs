use std::path::Path;

use anstream::println;
use serde::Serialize;

use super::BackupArgs;
use super::archive::Archive;
use super::manifest::{Manifest, TableRecord};
use super::progress::in_words;
use crate::{Failure, Outcome};

#[derive(Serialize)]
struct Backup<'a> {
    file: &'a Path,
    bytes: u64,
    verified: bool,
    manifest: &'a Manifest,
}

#[derive(Serialize)]
struct Restore<'a> {
    file: &'a Path,
    /// `None` when it was only tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'a str>,
    /// Whether everything was compared with a manifest.
    compared: bool,
    tables: &'a [TableRecord],
}

pub(super) fn backup(path: &Path, bytes: u64, manifest: &Manifest, args: &BackupArgs) -> Outcome {
    let verified = args.verify;
    if args.json {
        return json(&Backup { file: path, bytes, verified, manifest });
    }
    table(&manifest.content.tables, "");
    let proved = if verified { ", restored and compared in a scratch database" } else { "" };
    println!(
        "backed up database {} of {} to {}: {}{proved}",
        manifest.database,
        manifest.created_at,
        path.display(),
        in_words(bytes)
    );
    Ok(())
}

pub(super) fn restored(archive: &Archive, database: &str, tables: &[TableRecord], as_json: bool) -> Outcome {
    let compared = archive.manifest.is_some();
    if as_json {
        return json(&Restore { file: &archive.path, database: Some(database), compared, tables });
    }
    table(tables, mark(compared));
    println!("restored {} into database {database}{}", archive.path.display(), words(archive));
    Ok(())
}

pub(super) fn verified(archive: &Archive, tables: &[TableRecord], as_json: bool) -> Outcome {
    let compared = archive.manifest.is_some();
    if as_json {
        return json(&Restore { file: &archive.path, database: None, compared, tables });
    }
    table(tables, mark(compared));
    println!("{} can be restored{}", archive.path.display(), words(archive));
    Ok(())
}

fn mark(compared: bool) -> &'static str {
    if compared { "  equal" } else { "" }
}

fn words(archive: &Archive) -> String {
    let equal = |manifest: &Manifest| {
        format!(": schema and rows are those of database {} of {}", manifest.database, manifest.created_at)
    };
    archive.manifest.as_ref().map(equal).unwrap_or_default()
}

fn table(tables: &[TableRecord], mark: &str) {
    let widest = tables.iter().map(|table| table.name.chars().count()).max().unwrap_or(0).max(5);
    println!("  {:<widest$} {:>12}", "table", "rows");
    for TableRecord { name, rows, .. } in tables {
        println!("  {name:<widest$} {rows:>12}{mark}");
    }
}

fn json(value: &impl Serialize) -> Outcome {
    println!("{}", serde_json::to_string_pretty(value).map_err(|error| Failure::new(&error))?);
    Ok(())
}
