//! Restoring in one transaction: everything that is in the backup is there afterwards, or nothing changed.
//!
//! `psql` reads from this program, which alone says COMMIT, after it has seen what is there. If this program is
//! killed, `psql` finds the end of its input and the server rolls back. (`psql --single-transaction` would commit
//! what it has got so far.)

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use tokio::task::spawn_blocking;

use super::archive::{Archive, damaged};
use super::child::Running;
use super::compare;
use super::compress::CHUNK;
use super::conversation::Conversation;
use super::digest::Checksum;
use super::format::{Compression, Format};
use super::inventory::{self, SETTINGS, TABLES, Table};
use super::manifest::{Manifest, TableRecord};
use super::plain::{self, Reading, Stopped};
use super::programs::{Installed, Program};
use super::progress::{Progress, size};
use super::server::Reached;
use crate::{Context, Failure, Outcome};

/// How long the statements that make room wait for those who use the database, holding up everybody else.
const LOCK_WAIT: &str = "30s";

const CURRENT_TRANSACTION: &str = "SELECT pg_catalog.pg_current_xact_id()::text";

/// Restores a backup that was checked, after running the statements that make room for it; what is there then.
pub(super) async fn restore(
    context: &Context,
    target: &Reached,
    archive: &Archive,
    make_room: &[String],
) -> Outcome<Vec<TableRecord>> {
    let psql = Installed::new(context).psql().await?;
    let mut statements = Statements::open(context, target, archive).await?;
    let input = statements.input.take().ok_or_else(|| Failure::saying("the backup was read already"))?;
    let mut running = Running::start(&psql, command(context, target, &psql))?;
    let conversation = Conversation::new(running.stdin()?, running.stdout()?, token()?);
    let preamble = preamble(&psql, make_room)?;

    let feeding = spawn_blocking(move || feed(conversation, &preamble, input));
    let fed = feeding.await.map_err(|error| Failure::new(&error))?;
    let read = statements.finish().await;
    let (conversation, transaction, checksum) = match fed {
        Ok(fed) => fed,
        Err(Stopped::NotTaken(_)) => return Err(psql_failed(running).await),
        Err(Stopped::Damaged(why)) => {
            running.finish().await.ok();
            read?;
            return Err(damaged(&archive.path, why));
        }
    };
    read?;
    if archive.checksum.is_some_and(|checked| checked != checksum) {
        return Err(damaged(&archive.path, "it was changed between being checked and being restored"));
    }
    let manifest = archive.manifest.clone();
    let concluding = spawn_blocking(move || conclude(conversation, &transaction, manifest.as_ref()));
    match concluding.await.map_err(|error| Failure::new(&error))? {
        Ok(tables) => running.finish().await.map(|()| tables),
        Err(Trouble::Refused(failure)) => Err(failure.beneath(unchanged())),
        Err(Trouble::PsqlEnded) => Err(psql_failed(running).await),
        Err(Trouble::PsqlEndedInCommit) => {
            let failure = Failure::saying("the server did not confirm that the backup was restored")
                .with_fix(
                    "look at what is in the database; it is all of the backup, or what was there before"
                        .to_owned(),
                );
            Err(running.finish().await.err().map_or_else(unchanged, |ended| ended.beneath(failure)))
        }
    }
}

fn unchanged() -> Failure {
    Failure::saying("the backup was not restored; nothing was changed")
}

async fn psql_failed(running: Running) -> Failure {
    let ended = running.finish().await.err();
    ended.unwrap_or_else(|| Failure::saying("psql ended too early")).beneath(unchanged())
}

fn command(context: &Context, target: &Reached, psql: &Program) -> tokio::process::Command {
    let mut command = Installed::new(context).command(psql, &target.variables());
    command.args(["--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only", "--file=-"]);
    // Errors come without the rows that they are about.
    command.args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", "--set=SHOW_CONTEXT=never"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn preamble(psql: &Program, make_room: &[String]) -> Outcome<String> {
    let mut lines = Vec::new();
    if psql.knows_restrict() {
        lines.push(format!("\\restrict {}", token()?));
    }
    lines.extend([
        "SET client_min_messages = error;".to_owned(),
        "SET statement_timeout = 0;".to_owned(),
        "SET idle_in_transaction_session_timeout = 0;".to_owned(),
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;".to_owned(),
        format!("SET LOCAL lock_timeout = '{LOCK_WAIT}';"),
    ]);
    lines.extend(make_room.iter().map(|statement| format!("{statement};")));
    lines.push("SET LOCAL lock_timeout = 0;\n".to_owned());
    Ok(lines.join("\n"))
}

fn token() -> Outcome<String> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).map_err(|error| Failure::new(&error))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(octets)))
}

/// Where the statements of a backup come from.
struct Statements {
    input: Option<Input>,
    /// The program that reads an archive.
    pg_restore: Option<Running>,
    progress: Progress,
}

enum Input {
    File { path: PathBuf, compression: Compression, passed: Box<dyn Fn(u64) + Send> },
    Pipe { pipe: File, passed: Box<dyn Fn(u64) + Send> },
}

impl Statements {
    async fn open(context: &Context, target: &Reached, archive: &Archive) -> Outcome<Self> {
        if let Format::Sql(compression) = archive.format {
            let progress = Progress::through("restoring", size(&archive.path));
            let passed = Box::new(progress.counter());
            let input = Input::File { path: archive.path.clone(), compression, passed };
            return Ok(Self { input: Some(input), pg_restore: None, progress });
        }
        let installed = Installed::new(context);
        let program = installed.pg_restore(archive.written_by, Some(target.major())).await?;
        let mut command = installed.command(&program, &[]);
        command.args(["--no-owner", "--no-privileges", "--file=-"]).arg(&archive.path).stdout(Stdio::piped());
        let mut pg_restore = Running::start(&program, command)?;
        let pipe = pg_restore.stdout()?;
        let progress = Progress::open_ended("restoring");
        let input = Input::Pipe { pipe, passed: Box::new(progress.counter()) };
        Ok(Self { input: Some(input), pg_restore: Some(pg_restore), progress })
    }

    /// Fails when the program that read the archive did.
    async fn finish(self) -> Outcome {
        let Self { pg_restore, progress, .. } = self;
        drop(progress);
        match pg_restore {
            Some(pg_restore) => pg_restore.finish().await.map_err(|failure| failure.beneath(unchanged())),
            None => Ok(()),
        }
    }
}

impl Input {
    fn read(self, run: &mut Conversation) -> Result<Reading, Stopped> {
        match self {
            Self::File { path, compression, passed } => plain::read(&path, compression, passed, run),
            Self::Pipe { pipe, passed } => {
                let pipe = super::compress::Watched::new(pipe, passed);
                plain::read_text(BufReader::with_capacity(CHUNK, pipe), run)
            }
        }
    }
}

/// Begins the transaction and runs the backup in it; the transaction's number, and the checksum of what was run.
fn feed(
    mut psql: Conversation,
    preamble: &str,
    input: Input,
) -> Result<(Conversation, String, Checksum), Stopped> {
    psql.tell(preamble).map_err(Stopped::NotTaken)?;
    let transaction = psql.ask(CURRENT_TRANSACTION).map_err(Stopped::NotTaken)?.concat();
    let reading = input.read(&mut psql)?;
    Ok((psql, transaction, reading.checksum))
}

/// Why a transaction did not come to its end.
enum Trouble {
    PsqlEnded,
    PsqlEndedInCommit,
    Refused(Failure),
}

/// Looks at what is there, and commits if that is what the backup should give.
fn conclude(
    mut psql: Conversation,
    transaction: &str,
    manifest: Option<&Manifest>,
) -> Result<Vec<TableRecord>, Trouble> {
    let ended = |_: io::Error| Trouble::PsqlEnded;
    let refused = |why: String| Trouble::Refused(Failure::saying(why));
    if psql.ask(CURRENT_TRANSACTION).map_err(ended)?.concat() != transaction {
        return Err(refused("the backup ended the transaction that it was restored in".to_owned()));
    }
    psql.tell(SETTINGS).and_then(|()| psql.tell(";\n")).map_err(ended)?;
    let versions = psql.ask(compare::APPLIED_MIGRATIONS).map_err(ended)?;
    compare::require_ours(&versions).map_err(Trouble::Refused)?;
    let tables: Vec<Table> = inventory::parse(&psql.ask(TABLES).map_err(ended)?).map_err(refused)?;
    let mut found = Vec::new();
    for Table { name, query } in tables {
        let answer = psql.ask(&query).map_err(ended)?;
        found.push(inventory::record(name, &answer).map_err(refused)?);
    }
    if let Some(manifest) = manifest {
        compare::tables(&manifest.content.tables, &found).map_err(Trouble::Refused)?;
    }
    let commit = psql.tell("COMMIT;\n").and_then(|()| psql.ask("SELECT 'committed'"));
    commit.map_err(|_| Trouble::PsqlEndedInCommit)?;
    Ok(found)
}
