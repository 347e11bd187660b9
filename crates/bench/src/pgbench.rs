//! `pgbench`, the ceiling.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use authority_admin::{Failure, Outcome};

use crate::caller::Length;
use crate::contest::Run;
use crate::cpu;
use crate::ground::{CONNECTIONS, Ground};

/// One invocation: scripts that are chosen at random for each transaction, and variables.
#[derive(Debug, Default)]
pub(crate) struct Pgbench {
    scripts: Vec<String>,
    variables: Vec<(&'static str, u64)>,
}

impl Pgbench {
    pub(crate) fn script(mut self, script: String) -> Self {
        self.scripts.push(script);
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: u64) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Runs it: `pgbench -M prepared -c 8 -j 2`.
    ///
    /// Fails when a statement does, or when its output cannot be understood.
    pub(crate) fn run(&self, ground: &Ground, length: Length) -> Outcome<Run> {
        let directory = tempfile::tempdir().map_err(|error| Failure::new(&error))?;
        let mut command = Command::new(&ground.pgbench);
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={CONNECTIONS}"));
        match length {
            Length::Time(time) => command.arg(format!("--time={}", time.as_secs_f64().ceil().max(1.0))),
            Length::Calls(calls) => command.arg(format!("--transactions={calls}")),
        };
        for (name, value) in &self.variables {
            command.arg(format!("--define={name}={value}"));
        }
        for (number, script) in self.scripts.iter().enumerate() {
            let path = directory.path().join(format!("{number}.sql"));
            let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(script.as_bytes()));
            written.map_err(|error| Failure::new(&error))?;
            command.arg("--file").arg(path);
        }
        command.env_clear().env("LC_ALL", "C").envs(ground.libpq());

        let postmaster = ground.postmaster();
        let server_before = postmaster.and_then(cpu::of_server);
        let client_before = cpu::of_ended_children();
        let output = command.output().map_err(|error| Failure::new(&error))?;
        let client = cpu::of_ended_children();
        let server = postmaster.and_then(cpu::of_server);
        let (text, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            let first = errors.lines().find(|line| line.contains("error")).unwrap_or_default().to_owned();
            return Err(Failure::saying(format!("pgbench ended with {}", output.status)).because(first));
        }
        let (Some(operations), Some(rate)) = (transactions(&text), rate(&text)) else {
            return Err(Failure::saying("pgbench did not say how fast it was").because(text));
        };
        let since = |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
        Ok(Run {
            operations,
            elapsed: Duration::from_secs_f64(operations as f64 / rate),
            client: since(client, client_before),
            server: since(server, server_before),
        })
    }
}

fn transactions(text: &str) -> Option<u64> {
    let line =
        text.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "))?;
    line.split('/').next()?.trim().parse().ok()
}

/// Transactions in a second, without the time that connecting took.
fn rate(text: &str) -> Option<f64> {
    let is_it = |line: &&str| {
        line.starts_with("tps = ") && (line.contains("without initial") || line.contains("excluding"))
    };
    text.lines().find(is_it)?.split_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{rate, transactions};

    #[test]
    fn what_every_version_prints_is_understood() {
        let of_15 = "number of transactions actually processed: 12345\ntps = 6172.5 (without initial connection time)\n";
        assert_eq!((transactions(of_15), rate(of_15)), (Some(12345), Some(6172.5)));
        let of_13 = "number of transactions actually processed: 800/800\ntps = 90.1 (including connections establishing)\ntps = 91.5 (excluding connections establishing)\n";
        assert_eq!((transactions(of_13), rate(of_13)), (Some(800), Some(91.5)));
    }
}
