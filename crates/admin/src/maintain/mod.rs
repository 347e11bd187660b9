//! `maintain`: partitions ahead, retention, purge.

mod output;

use std::time::Duration;

use authority_maintenance::{DEFAULT_DAYS_AHEAD, Error, Maintenance, Report, server_time};
use clap::Args;

use crate::context::Context;
use crate::migrate::duration;
use crate::{Failure, Outcome};

pub(crate) const EXAMPLES: &str = "Examples:
  authority-db maintain              every day, from cron or a systemd timer
  authority-db maintain --dry-run    what it would do
  authority-db maintain --json       for a program that watches it

Any number of runs may start together: each thing is done once. It exits with 1 when something
stays overdue, because other sessions were in the way or a person has to look at it.";

/// The farthest that partitions are made ahead.
const MOST_DAYS_AHEAD: i64 = 366;

/// What `maintain` is given.
#[derive(Args, Clone, Debug)]
pub struct MaintainArgs {
    /// Print what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How many days ahead partitions are made; audit logs have theirs two months ahead at least
    #[arg(long, value_name = "DAYS", default_value_t = DEFAULT_DAYS_AHEAD, value_parser = clap::value_parser!(u32).range(1..=MOST_DAYS_AHEAD))]
    ahead: u32,
    /// Longest time that a statement waits for a lock, holding up others; then it is tried again
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "500ms")]
    lock_timeout: Duration,
    /// How long each step is tried again while other sessions hold its locks
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    wait: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl MaintainArgs {
    /// Maintains the database in use and prints what was done, also when it stops on the way.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let database = context.database()?.connect().await?;
        let explain = |error: Error| Failure::new(&error).with_fix(error.fix(context.program()));
        let now = server_time(database.pool()).await.map_err(explain)?;
        let maintenance = Maintenance {
            days_ahead: self.ahead,
            lock_timeout: self.lock_timeout,
            wait: self.wait,
            ..Maintenance::at(now)
        };
        let mut report = Report::default();
        let ended = if self.dry_run {
            maintenance.preview(database.pool()).await.map(|preview| report = preview)
        } else {
            maintenance.run(database.pool(), &mut report).await
        };
        if self.json {
            output::json(database.name(), &report, self.dry_run);
        } else {
            output::words(database.name(), &report, self.dry_run);
        }
        ended.map_err(explain)?;
        let Some(first) = report.overdue.first() else { return Ok(()) };
        let sentence = match report.overdue.len() {
            1 => "1 thing stays overdue".to_owned(),
            many => format!("{many} things stay overdue"),
        };
        Err(Failure::saying(sentence).with_fix(first.why.fix(context.program())))
    }
}
