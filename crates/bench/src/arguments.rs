//! What the command is given.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measure the store beside pgbench and a row-per-token schema, on a server of its own
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", max_term_width = 100)]
pub(crate) struct Arguments {
    /// A tenth of the data, and shorter runs: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// Only this operation; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<Operation>,
    /// Access tokens to begin with; there are 3 refresh families and 1 user to 10 of them [default: 1000000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    rows: Option<u64>,
    /// How long each run takes, of the store or of its ceiling [default: 12]
    #[arg(long)]
    seconds: Option<f64>,
    /// How often the store and its ceiling take turns [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pairs: Option<u32>,
    /// Write docs/benchmarks.md
    #[arg(long)]
    pub(crate) write: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// Introspection, one token a call, as many callers as connections
    Introspect,
    /// Introspection by 256 callers
    IntrospectMany,
    /// The exchange of an authorization code
    Exchange,
    /// The rotation of a refresh token
    Rotate,
    /// The rotation beside a schema with a row for each token
    RowPerToken,
    /// The revocation of everything of a client
    RevokeClient,
}

impl Arguments {
    pub(crate) fn wants(&self, operation: Operation) -> bool {
        self.only.is_empty() || self.only.contains(&operation)
    }

    /// Access tokens, a multiple of ten.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.unwrap_or(if self.quick { 100_000 } else { 1_000_000 }).next_multiple_of(1000)
    }

    pub(crate) fn length(&self) -> Duration {
        let seconds = self.seconds.unwrap_or(if self.quick { 1.5 } else { 12.0 });
        Duration::from_secs_f64(seconds.clamp(0.05, 3600.0))
    }

    pub(crate) fn pairs(&self) -> u32 {
        self.pairs.unwrap_or(3)
    }

    /// The command line that does the same.
    pub(crate) fn command(&self) -> String {
        let mut command = "cargo xtask bench".to_owned();
        if self.quick {
            command.push_str(" --quick");
        }
        for operation in self.only.iter().filter_map(ValueEnum::to_possible_value) {
            command = format!("{command} --only {}", operation.get_name());
        }
        if let Some(rows) = self.rows {
            command = format!("{command} --rows {rows}");
        }
        if let Some(seconds) = self.seconds {
            command = format!("{command} --seconds {seconds}");
        }
        if let Some(pairs) = self.pairs {
            command = format!("{command} --pairs {pairs}");
        }
        if self.write {
            command.push_str(" --write");
        }
        command
    }
}
