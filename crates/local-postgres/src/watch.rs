//! What makes an embedded server end with its last user.
//!
//! `pg_ctl watch` of the embedded programs looks at the server's sessions and at two files of the state directory:
//! `used`, which every command touches that is given the server, and `stay`, which is there while somebody wants the
//! server to stay. It holds `lock` when it stops the server, so that no command is given one that is about to end.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{LocalPostgresError, Result};
use crate::instance::Instance;
use crate::os_user::PROGRAM_PATH;

/// Has somebody watch over a running server; nothing happens when somebody does already. The lock must be held.
pub(crate) fn begin(instance: &Instance, state_dir: &Path, idle_time: Duration) -> Result<()> {
    touch(&state_dir.join("used"))?;
    let program = instance.programs.pg_ctl();
    // It runs as the user of the commands, whose files these are.
    let spawned = Command::new(&program)
        .args(["watch", "-t", &idle_time.as_secs().to_string(), "-D"])
        .arg(&instance.data_dir)
        .arg("-S")
        .arg(state_dir)
        .env_clear()
        .env("PATH", PROGRAM_PATH)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A Ctrl-C in this terminal must not reach it.
        .process_group(0)
        .spawn();
    spawned.map(drop).map_err(LocalPostgresError::io("run", &program))
}

/// Lets the server stay until somebody stops it.
pub(crate) fn let_stay(state_dir: &Path) -> Result<()> {
    touch(&state_dir.join("stay"))
}

/// After the end of a server: takes [`let_stay`] back, and waits until nobody watches any more.
pub(crate) fn end(state_dir: &Path) -> Result<()> {
    /// Far longer than the watch takes to see that the server is gone.
    const PATIENCE: Duration = Duration::from_secs(10);
    let stay = state_dir.join("stay");
    match std::fs::remove_file(&stay) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(LocalPostgresError::io("remove", &stay)(error));
        }
        _ => {}
    }
    let Ok(watching) = File::open(state_dir.join("watch")) else { return Ok(()) };
    let begin = Instant::now();
    // It holds this lock as long as it lives. One that hangs harms nobody: there is no server that it could stop.
    while watching.try_lock().is_err() && begin.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn touch(path: &Path) -> Result<()> {
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).clone();
    let touched = options.open(path).and_then(|file: File| file.set_modified(SystemTime::now()));
    touched.map_err(LocalPostgresError::io("write", path))
}
