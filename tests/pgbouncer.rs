//! A real PgBouncer in transaction mode, between the commands and the server.

mod checked;
mod migrated;
mod pooler;
mod printed;
mod shared;

pub(crate) use pooler::{Pooler, free_port, program};
pub(crate) use shared::Shared;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::{Outcome, authority_db};

/// Runs the operator's program to its end, which has to come: a client of PgBouncer can wait for ever.
pub(crate) fn run(url: &str, arguments: &[&str]) -> Outcome {
    let child = authority_db(url, arguments)
        .env("ADMIN_PASSWORD", "correct horse battery")
        .spawn()
        .expect("authority-db starts");
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(Outcome::of(child)));
    let outcome = end.recv_timeout(Duration::from_mins(2));
    outcome.unwrap_or_else(|_| panic!("authority-db {} does not end", arguments.join(" ")))
}
