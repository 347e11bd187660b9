use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use authority_connection::Environment;
use authority_local_postgres::Engine;

use super::programs;

/// What the embedded PostgreSQL, or a machine that has no other, does without.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// A PgBouncer.
    PgBouncer,
    /// A server that was built with TLS.
    Tls,
    /// A server whose timeouts come to pass.
    Timers,
    /// An installation with its client programs.
    Clients,
}

impl Need {
    /// Whether it cannot be met here; then the test that asks is reported as skipped, and has to return.
    ///
    /// A machine with PostgreSQL is expected to have everything: there the test runs, and fails at what is missing.
    #[must_use]
    pub(crate) fn is_missing(self) -> bool {
        let missing = programs().engine() == Engine::Embedded
            && match self {
                Self::PgBouncer => crate::pgbouncer::program().is_none(),
                Self::Tls | Self::Timers => true,
                Self::Clients => crate::database_setup::complete_installation().is_none(),
            };
        if missing {
            skipped(match self {
                Self::PgBouncer => "PgBouncer is not installed",
                Self::Tls => "the embedded PostgreSQL has no TLS",
                Self::Timers => "the embedded PostgreSQL has no timers",
                Self::Clients => "PostgreSQL is not installed with its client programs",
            });
        }
        missing
    }
}

/// Reports the test that calls this as skipped: on standard error, past what the test harness keeps of it, with a
/// running count; and in the file that `AUTHORITY_TESTS_SKIPPED` names.
pub(crate) fn skipped(lack: &str) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test without a name");
    let line = format!("skipped ({count} so far): {name}: {lack}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error can be written");
    let environment = Environment::from_process().expect("the environment can be read");
    if let Some(file) = environment.get_os("AUTHORITY_TESTS_SKIPPED") {
        let file = OpenOptions::new().append(true).create(true).open(file);
        let line = format!("{name}\t{lack}\n");
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the file can be written");
    }
}
