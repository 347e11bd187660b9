//! `backup` and `restore`: the whole database as a file that proves itself.
//!
//! PostgreSQL's own programs do the work: `pg_dump` writes, `psql` and `pg_restore` read, and all that a backup holds
//! can be restored with them alone, by hand. What this adds:
//!
//! - A backup gets its name when it is complete and on disk; nobody but its owner can read it.
//! - It carries a [manifest](manifest::Manifest): versions, the schema's fingerprint, and for each table the number and
//!   a digest of its rows, computed in the very snapshot that `pg_dump` writes down. SQL has it in its last lines, a
//!   directory in `authority-manifest.json`, a `.dump` in `….dump.manifest.json` beside it.
//! - A backup is read completely before anything is touched. One that is truncated, damaged, somebody else's or
//!   empty is refused. What `pg_dump` made without this program is accepted, with less to compare.
//! - A restore is [one transaction](transaction), in which rows are compared with the manifest before it is committed;
//!   or, with `--jobs`, [a new database](swap) that takes the place of the old one.
//!
//! Neither owners nor privileges are part of a backup: it is restored as whoever restores it, and the serving role
//! gets its privileges as after every migration.

mod archive;
mod child;
mod compare;
mod compress;
mod conversation;
mod digest;
mod dump;
mod format;
mod interrupt;
mod inventory;
mod manifest;
mod plain;
mod programs;
mod progress;
mod report;
mod restore;
mod room;
mod script;
mod server;
mod snapshot;
mod swap;
mod target;
mod transaction;
mod verify;

use std::path::PathBuf;

use clap::Args;

use crate::confirm::Consent;
use crate::{Context, Outcome};

pub(crate) const BACKUP_EXAMPLES: &str = "Examples:
  backup authority.sql.gz --verify      compressed SQL, proved by restoring it into a scratch database
  backup nightly.dir --jobs 4           a directory, four tables at once
  gunzip -c authority.sql.gz | psql …   restores it without this program";

pub(crate) const RESTORE_EXAMPLES: &str = "Examples:
  restore authority.sql.gz              into an empty database
  restore authority.sql.gz --replace    instead of what is there; asks first
  restore authority.sql.gz --verify     touches nothing, proves that the backup is good";

/// What `backup` is given.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// Where to: .sql, .sql.gz, .sql.zst, .dump, or a directory that ends in .dir or a slash
    file: PathBuf,
    /// Prove it: restore it into a scratch database and compare, before it gets its name
    #[arg(long)]
    verify: bool,
    /// Replace a backup of the same name
    #[arg(long)]
    force: bool,
    /// How many tables are written at once, into a directory
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=128))]
    jobs: Option<u16>,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

/// What `restore` is given.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// The backup, also one that `pg_dump` made by hand: .sql, .sql.gz, .sql.zst, .dump, or a directory
    file: PathBuf,
    /// Drop everything in the database first, in the same transaction
    #[arg(long)]
    replace: bool,
    /// Only prove the backup, in a scratch database; the database itself is not touched
    #[arg(long, conflicts_with_all = ["replace", "jobs"])]
    verify: bool,
    /// Restore so many tables at once, into a new database that then takes the place of this one
    ///
    /// Sessions that are connected at that moment are ended. The role needs CREATEDB.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=128))]
    jobs: Option<u16>,
    /// Whether to ask first
    #[command(flatten)]
    consent: Consent,
    /// Print what was restored as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn backup(context: &Context, args: &BackupArgs) -> Outcome {
    Box::pin(dump::run(context, args)).await
}

pub(crate) async fn restore(context: &Context, args: &RestoreArgs) -> Outcome {
    restore::run(context, args).await
}
