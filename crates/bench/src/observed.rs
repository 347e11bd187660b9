//! What the server says about what it was asked to do.

use std::time::Duration;

use anstream::eprintln;
use authority_admin::Outcome;

use crate::caller::{Caller, Length, drive};
use crate::ground::Ground;

/// What the server's log and counters say about one operation.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    /// Statements for each operation.
    pub(crate) statements: f64,
    /// How often the server was sent something and waited for the next, for each operation.
    pub(crate) round_trips: f64,
    /// Octets of WAL for each operation, of the statements alone.
    pub(crate) wal: f64,
}

/// Calls that warm every connection up, and calls that are counted.
const WARM: u64 = 20;
const COUNTED: u64 = 50;

/// Has the server log every step of one caller, and counts.
///
/// With `log_min_duration_statement = 0` the server logs each message that it works on: `parse`, `bind` and `execute`
/// of the extended protocol, `statement` of the simple one. A client that sends a `bind` and its `execute`
/// together, as both drivers do, needs one round trip for them; every other logged step is one of its own.
pub(crate) async fn observe<C: Caller>(ground: &Ground, what: &str, caller: C) -> Outcome<Observed> {
    let (_, caller) = drive(ground, vec![caller], Length::Calls(WARM)).await?;
    let before = ground.log()?.len();
    let wal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    let wal_before = ground.number(wal).await?;
    drive(ground, caller, Length::Calls(COUNTED)).await?;
    let written = ground.number(wal).await? - wal_before;
    // The log is written before the answer, by the process that answers.
    let log = ground.log()?;
    let lines = log.get(before..).unwrap_or_default().lines();
    let (mut executed, mut parsed) = (0, 0);
    for line in lines.filter(|line| line.contains("LOG:  duration: ") && !line.contains("pg_current_wal")) {
        if line.contains(" execute ") || line.contains(" statement: ") {
            executed += 1;
        } else if line.contains(" parse ") {
            parsed += 1;
        }
    }
    let each = |count: i64| count as f64 / COUNTED as f64;
    let observed =
        Observed { statements: each(executed), round_trips: each(executed + parsed), wal: each(written) };
    eprintln!(
        "{what}: {} statements, {} round trips, {:.0} octets of WAL for each",
        observed.statements, observed.round_trips, observed.wal
    );
    Ok(observed)
}

/// Sessions that begin from now on log everything, or no more.
pub(crate) async fn log_everything(ground: &Ground, on: bool) -> Outcome {
    let value = if on { "0" } else { "-1" };
    let database = authority_local_postgres::DATABASE;
    ground.administer(format!("ALTER DATABASE {database} SET log_min_duration_statement = {value}")).await
}

/// Updates of a table, and how many of them were HOT.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Updates {
    all: i64,
    hot: i64,
}

impl Updates {
    pub(crate) async fn of(ground: &Ground, table: &str) -> Outcome<Self> {
        // Sessions report what they did with a delay of up to a second.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let of = |column| {
            format!(
                "SELECT coalesce(sum({column}), 0)::bigint FROM pg_stat_user_tables WHERE relname = '{table}'"
            )
        };
        Ok(Self {
            all: ground.number(of("n_tup_upd")).await?,
            hot: ground.number(of("n_tup_hot_upd")).await?,
        })
    }

    /// The share of HOT ones among those since `before`.
    pub(crate) fn hot_share_since(self, before: Self) -> f64 {
        (self.hot - before.hot) as f64 / (self.all - before.all).max(1) as f64
    }
}
