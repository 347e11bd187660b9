//! Makes a data directory with the roles and the database in it.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::endpoint::{APP_ROLE, DATABASE, OWNER_ROLE, SUPERUSER, Secret};
use crate::error::{LocalPostgresError, Result};
use crate::files::{make_dir, random_hex};
use crate::os_user::{OsUser, printed};
use crate::programs::Programs;
use crate::settings;

/// Whether a new data directory must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is kept, so it is written through to the disk.
    Kept,
    /// It is thrown away.
    Ephemeral,
}

/// Makes the data directory `data_dir`, which must not exist, and returns the password of [`OWNER_ROLE`].
pub(crate) fn create(
    programs: &Programs,
    user: &OsUser,
    data_dir: &Path,
    durability: Durability,
) -> Result<Secret> {
    make_dir(data_dir, 0o700)?;
    user.own(data_dir)?;
    initdb(programs, user, data_dir, durability)?;
    let password = Secret(random_hex(24)?);
    make_roles(programs, user, data_dir, durability, &password)?;
    settings::prepare(data_dir, user)?;
    Ok(password)
}

fn initdb(programs: &Programs, user: &OsUser, data_dir: &Path, durability: Durability) -> Result<()> {
    let program = programs.initdb();
    let mut command = user.command(&program);
    command
        .args(["--username", SUPERUSER, "--encoding", "UTF8", "--locale", "C"])
        .args(["--auth-local", "trust", "--auth-host", "scram-sha-256"])
        .arg("--pgdata")
        .arg(data_dir);
    if durability == Durability::Ephemeral {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(LocalPostgresError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalPostgresError::ProgramFailed { program: "initdb".into(), output: printed(&output) })
}

/// In single-user mode, before the first start: it needs no client program, and nobody can connect before the
/// password is set.
fn make_roles(
    programs: &Programs,
    user: &OsUser,
    data_dir: &Path,
    durability: Durability,
    password: &Secret,
) -> Result<()> {
    // One statement a line. The password is hexadecimal: there is nothing in it to quote.
    let sql = format!(
        "CREATE ROLE {OWNER_ROLE} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD '{}'\n\
         CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE\n\
         CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}\n",
        password.reveal()
    );
    let program = programs.postgres();
    let mut command = user.command(&program);
    command.arg("--single").arg("-D").arg(data_dir).args(["-c", "exit_on_error=true"]);
    command.args(["-c", "password_encryption=scram-sha-256"]);
    // A statement that fails must not stand in the error, with the password in it.
    command.args(["-c", "log_min_error_statement=panic"]);
    if durability == Durability::Ephemeral {
        command.arg("-F");
    }
    command.arg("postgres").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(LocalPostgresError::io("run", &program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A server that ended early says why on its standard error; the broken pipe adds nothing.
        let _ = stdin.write_all(sql.as_bytes());
    }
    let output = child.wait_with_output().map_err(LocalPostgresError::io("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalPostgresError::ProgramFailed { program: "postgres --single".into(), output: printed(&output) })
}
