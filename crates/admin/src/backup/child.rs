//! PostgreSQL's programs as children whose errors are read.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::{JoinHandle, spawn_blocking};

use super::programs::Program;
use crate::{Failure, Outcome};

/// How much of what a program says on standard error is kept.
const KEPT: usize = 20;

/// A program that runs. It is killed when this is dropped before it ended, together with the processes that it started:
/// those of `--jobs`.
pub(super) struct Running {
    name: &'static str,
    /// Before the child itself, so that it is dropped first.
    group: Group,
    child: Child,
    complaints: JoinHandle<Vec<String>>,
}

impl Running {
    /// Starts a command. Its standard output and input are as the command says.
    pub(super) fn start(program: &Program, mut command: Command) -> Outcome<Self> {
        let name = program.name();
        let failed = |error| cannot(name, &error);
        let mut child = command.stderr(Stdio::piped()).process_group(0).spawn().map_err(failed)?;
        let stderr = child.stderr.take().map(ChildStderr::into_owned_fd).transpose().map_err(failed)?;
        let complaints = spawn_blocking(move || stderr.map(complaints).unwrap_or_default());
        Ok(Self { name, group: Group(process_of(&child)), child, complaints })
    }

    /// Its standard output, which was piped.
    pub(super) fn stdout(&mut self) -> Outcome<File> {
        let pipe = self.child.stdout.take().map(ChildStdout::into_owned_fd);
        self.file(pipe)
    }

    /// Its standard input, which was piped.
    pub(super) fn stdin(&mut self) -> Outcome<File> {
        let pipe = self.child.stdin.take().map(ChildStdin::into_owned_fd);
        self.file(pipe)
    }

    /// Waits for its end. Fails with what it said when it did not succeed.
    pub(super) async fn finish(mut self) -> Outcome {
        let status = self.child.wait().await.map_err(|error| cannot(self.name, &error))?;
        self.group.0 = None;
        let complaints = self.complaints.await.map_err(|error| Failure::new(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(failure(self.name, status, complaints))
    }

    fn file(&self, pipe: Option<std::io::Result<OwnedFd>>) -> Outcome<File> {
        let pipe = pipe.ok_or_else(|| Failure::saying(format!("{} has no pipe", self.name)))?;
        pipe.map(File::from).map_err(|error| cannot(self.name, &error))
    }
}

/// A program and what it started, by the number of the first; nothing when that ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(first) = self.0 {
            // It fails when all of them ended meanwhile, which is as good.
            killpg(first, Signal::SIGKILL).ok();
        }
    }
}

fn process_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| id.try_into().ok()).map(Pid::from_raw)
}

/// The lines of standard error, without those that quote rows: somebody's address or the hash of a password.
fn complaints(stderr: OwnedFd) -> Vec<String> {
    let mut kept = Vec::new();
    let mut lines = BufReader::new(File::from(stderr));
    let mut line = Vec::new();
    while lines.by_ref().take(64 * 1024).read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let quotes_rows =
            ["CONTEXT:", "DETAIL:", "QUERY:", "Command was:"].iter().any(|word| text.contains(word));
        if kept.len() < KEPT && !text.is_empty() && !quotes_rows {
            kept.push(text);
        }
        line.clear();
    }
    kept
}

fn failure(name: &str, status: ExitStatus, complaints: Vec<String>) -> Failure {
    let mut failure = Failure::saying(format!("{name} failed"));
    if complaints.is_empty() {
        return failure.because(status.to_string());
    }
    for complaint in complaints {
        failure = failure.because(complaint);
    }
    failure
}

fn cannot(name: &str, error: &std::io::Error) -> Failure {
    Failure::saying(format!("{name} cannot be run: {error}"))
}
