//! Measures the store: each operation beside its ceiling, in the same run, on a server of its own.
//!
//! `cargo xtask bench` runs this program in release mode. It makes a server with the machine's PostgreSQL programs and
//! durable settings, loads a data set that a seed number determines, and then lets the store and its ceiling take
//! turns. What counts is the ratio of the two within a pair: what disturbs the machine disturbs both.

#![expect(clippy::cast_precision_loss, reason = "counts of operations, octets and rows are far below 2^52")]

mod arguments;
mod caller;
mod contest;
mod cpu;
mod credentials;
mod data;
mod far;
mod ground;
mod machine;
mod numbers;
mod observed;
mod operations;
mod pgbench;
mod report;
mod same_statement;
mod time;

use std::process::ExitCode;

use anstream::{eprintln, print};
use authority_admin::{Context, DatabaseOptions, Failure, Outcome};
use clap::Parser;

use arguments::Arguments;
use ground::Ground;
use report::Report;

/// Threads of this program while it measures; `pgbench` is given as many.
const THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => Err(Failure::new(&error)),
    };
    outcome.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

async fn run(arguments: &Arguments) -> Outcome {
    let context = Context::new("cargo xtask", DatabaseOptions::default())?;
    let ground = Ground::prepare(&context).await?;
    let data = data::load(&ground, arguments.rows()).await?;
    let mut report = Report::new(&ground, arguments, &data).await?;
    operations::measure(&ground, &data, arguments, &mut report).await?;
    print!("{}", report.table());
    if arguments.write {
        let file = context.workspace().join(report::FILE);
        std::fs::write(&file, report.markdown()).map_err(|error| Failure::new(&error))?;
        eprintln!("wrote {}", report::FILE);
    }
    Ok(())
}
