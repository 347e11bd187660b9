//! What came out, as a table on the terminal and as a page of the documentation.

use std::fmt::Write as _;

use authority_admin::Outcome;

use crate::arguments::Arguments;
use crate::contest::{Compared, Side};
use crate::data::Data;
use crate::ground::{CONNECTIONS, Ground};
use crate::machine;
use crate::numbers::grouped;
use crate::observed::Observed;
use crate::time::now;

/// The page of the documentation.
pub(crate) const FILE: &str = "docs/benchmarks.md";

/// One comparison.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) operation: String,
    /// What it is compared with.
    pub(crate) other: String,
    /// The ratio that it should have.
    pub(crate) aim: f64,
    pub(crate) compared: Compared,
    pub(crate) observed: Option<Observed>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Report {
    conditions: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    facts: Vec<(String, String)>,
    sizes: Vec<(String, i64, i64)>,
}

impl Report {
    pub(crate) async fn new(ground: &Ground, arguments: &Arguments, data: &Data) -> Outcome<Self> {
        let settings = ground.settings().iter().map(|(name, value)| format!("`{name} = {value}`"));
        let clients = crate::data::CLIENTS;
        let conditions = vec![
            ("Command", format!("`{}`", arguments.command())),
            ("Date", now().format("%Y-%m-%d").to_string()),
            ("Machine", machine::describe()),
            ("Server", format!("PostgreSQL {}, on the same machine, through its socket", ground.version())),
            ("Settings", settings.collect::<Vec<_>>().join(", ")),
            (
                "Data",
                format!(
                    "{} access tokens in two daily partitions of {}, {} refresh families, {} users with a session each, {clients} clients",
                    grouped(data.access_tokens as f64, 0),
                    ground
                        .number(
                            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'access_tokens'::regclass"
                        )
                        .await?,
                    grouped(data.families as f64, 0),
                    grouped(data.users as f64, 0),
                ),
            ),
            (
                "Runs",
                format!(
                    "{} pairs of {} seconds each, after one that warms up; {CONNECTIONS} connections, {} threads on each side",
                    arguments.pairs(),
                    arguments.length().as_secs_f64(),
                    crate::THREADS
                ),
            ),
        ];
        Ok(Self { conditions, rows: Vec::new(), facts: Vec::new(), sizes: Vec::new() })
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn fact(&mut self, name: &str, value: String) {
        self.facts.push((name.to_owned(), value));
    }

    /// Looks at how large the tables are now.
    pub(crate) async fn sizes(&mut self, ground: &Ground) -> Outcome {
        for table in
            ["access_tokens", "refresh_tokens", "authorization_codes", "sessions", "users", "audit_logs"]
        {
            // A table without partitions has no tree.
            let sum = |of: &str| {
                format!(
                    "SELECT coalesce((SELECT sum({of}(relid)) FROM pg_partition_tree('{table}') WHERE isleaf),
                                     {of}('{table}'))::bigint"
                )
            };
            let (rows, indexes) =
                (ground.number(sum("pg_table_size")).await?, ground.number(sum("pg_indexes_size")).await?);
            self.sizes.push((table.to_owned(), rows, indexes));
        }
        Ok(())
    }

    /// For the terminal.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.conditions {
            line(&mut text, format_args!("{name:9} {}", value.replace('`', "")));
        }
        for row in &self.rows {
            let Compared { store, other, ratio } = &row.compared;
            line(&mut text, format_args!("\n{} beside {}", row.operation, row.other));
            line(
                &mut text,
                format_args!("  ratio   {}, aim {:.2}: {}", ratio.shown(2), row.aim, verdict(row)),
            );
            line(&mut text, format_args!("  store   {}/s{}", store.rate.shown(0), cost(store)));
            line(&mut text, format_args!("  other   {}/s{}", other.rate.shown(0), cost(other)));
            if let Some(Observed { statements, round_trips, wal }) = &row.observed {
                line(
                    &mut text,
                    format_args!(
                        "  each    {statements} statement, {round_trips} round trip, {wal:.0} octets of WAL"
                    ),
                );
            }
        }
        text.push('\n');
        for (name, value) in &self.facts {
            line(&mut text, format_args!("{name}: {value}"));
        }
        for (table, rows, indexes) in &self.sizes {
            line(
                &mut text,
                format_args!(
                    "{table}: {} MB of rows, {} MB of indexes",
                    megabytes(*rows),
                    megabytes(*indexes)
                ),
            );
        }
        text
    }

    /// For the documentation.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(INTRODUCTION);
        text.push_str("\n## Conditions\n\n| | |\n| --- | --- |\n");
        for (name, value) in &self.conditions {
            line(&mut text, format_args!("| {name} | {value} |"));
        }
        text.push_str("\n## Operations\n\nOperations in a second: the median, and in parentheses the least and the most. The ratio is that of a pair.\n\n");
        text.push_str("| Operation | Beside | Store | Other | Ratio | Aim | |\n| --- | --- | --: | --: | --: | --: | --- |\n");
        for row in &self.rows {
            let Compared { store, other, ratio } = &row.compared;
            line(
                &mut text,
                format_args!(
                    "| {} | {} | {} | {} | {} | {:.2} | {} |",
                    row.operation,
                    row.other,
                    store.rate.shown(0),
                    other.rate.shown(0),
                    ratio.shown(2),
                    row.aim,
                    verdict(row)
                ),
            );
        }
        text.push_str("\n## What one operation costs\n\nMicroseconds of processor time, statements and round trips by the server's log, octets of WAL without those of later cleaning.\n\n");
        text.push_str("| Operation | Beside | Store: program | server | Other: program | server | Statements | Round trips | WAL |\n| --- | --- | --: | --: | --: | --: | --: | --: | --: |\n");
        for row in &self.rows {
            let Compared { store, other, .. } = &row.compared;
            let (statements, round_trips, wal) = row.observed.as_ref().map_or_else(
                || ("–".to_owned(), "–".to_owned(), "–".to_owned()),
                |seen| (seen.statements.to_string(), seen.round_trips.to_string(), grouped(seen.wal, 0)),
            );
            line(
                &mut text,
                format_args!(
                    "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {statements} | {round_trips} | {wal} |",
                    row.operation,
                    row.other,
                    store.client.median(),
                    store.server.median(),
                    other.client.median(),
                    other.server.median()
                ),
            );
        }
        text.push_str(WHERE_THE_TIME_GOES);
        text.push_str("\n## Further\n\n");
        for (name, value) in &self.facts {
            line(&mut text, format_args!("- {name}: {value}."));
        }
        text.push_str("\nSizes after all runs:\n\n| Table | Rows | Indexes |\n| --- | --: | --: |\n");
        for (table, rows, indexes) in &self.sizes {
            line(
                &mut text,
                format_args!("| `{table}` | {} MB | {} MB |", megabytes(*rows), megabytes(*indexes)),
            );
        }
        text
    }
}

const INTRODUCTION: &str = "<!-- Generated by `cargo xtask bench --write`. Do not edit. -->

# Benchmarks

How fast the store is beside its ceiling, in the same run on the same server: the two take turns, and what counts is the
ratio within a pair, since whatever disturbs the machine disturbs both. Server and callers share the processors, so
what a caller costs is in every figure.

The ceilings:

- **pgbench: SELECT \\* by primary key** is `pgbench -M prepared -c 8 -j 2`, which reads one row of `access_tokens`, the
  same partitioned table, with all of its columns. The store reads the rows of client, user, session and family
  besides, compares the secret, and decides.
- **pgbench: the same statement** is `pgbench` with the text of the store's statement. It can compute numbers only, so
  an id is made of a constant and a number by an expression, and whatever is the same in every call, secrets
  included, is a constant; the server evaluates a few cheap expressions more and receives fewer parameters. That each
  call did its work is verified afterwards.
- **a row per token, sqlx** is what servers do that have a row for each token: begin, select, update, insert, insert,
  commit, through sqlx with its cache of prepared statements, on tables with the usual keys and indexes. It does less:
  it looks neither at the client nor at the user nor at lifetimes, keeps no successor for who asks again, and writes no
  audit event. So there are three comparisons: the store with its event, as a server would call it; without one, which
  is like for like; and that again over a network, which is a proxy of this program between either side and the server
  that holds back each direction. How long a round trip through it really takes is measured, see *Further*. The proxy's
  processor time is in the column of the program.

Beside `pgbench`, both prepare their statement within the run, on new connections; beside the row per token, both
go on with connections that have. A new session maps the server's shared memory page by page as it first touches it,
the store's of more tables; so runs are long.

All sessions have `plan_cache_mode = force_generic_plan`, which the store's connections have anyway.
";

/// What figures alone do not tell.
const WHERE_THE_TIME_GOES: &str = "
## Where the time goes

Where the server shares its processors with the callers, its own processor time for an operation decides, and round
trips cost next to nothing. Of that time, rotation with its audit event had on 2026-11-25, as
`perf record --call-graph dwarf` saw it in the eight server processes of `cargo xtask bench --only rotate --rows 200000`:

| Part | Share | What it is |
| --- | --: | --- |
| ExecutorFinish | 39 % | the rows are written: family, access token, audit event |
| ExecConstraints | 21 % | their CHECK constraints; two fifths of it reads the text of these anew, which PostgreSQL does in each statement |
| ExecutorStart | 17 % | the statement's plan is made ready to run |
| ExecutorRun | 13 % | the family is locked, client, user, session and settings are read, and the decision is made |
| Commit | 12 % | most of it the flush of the WAL |
| PL/pgSQL | 6 % | checks that are functions |
| Routing | 5 % | from partitioned tables to their partitions |
| Index entries | 5 % | |

ExecConstraints, PL/pgSQL, routing and index entries are nearly all within ExecutorFinish. The database refuses what
must never be in a row, and that is a fifth of a rotation. An audit event is the dearest of the rows, with four indexes
and nine checks; the difference between the rotation with and without one says how dear.

Of the server's time for an introspection that is one of many in a statement, finding rows by their indexes was 74 % on
2026-11-26, in `cargo xtask bench --only introspect-many --seconds 12`: 46 % for descents, 28 % for the rows at their
ends. Making the plan ready was 5 %, sending the answer 3 %. There are six descents for each token: those to its client,
user, session and family, and one in each of the two partitions that the ids of the statement lie in. They alone take
nearly what the second aim allows for the server and its callers together, which is half of what a `SELECT` of `pgbench`
takes on both sides. What would be faster, a copy of any of these rows in the memory of the program, would not know of a
revocation at once.

A row per token costs the server less processor time for each rotation, since it checks and keeps less, and six round
trips where the store has one. On a socket the processor time decides. Over a network a rotation waits for its round
trips, and as long as there are fewer connections than would keep the processors busy, the store is ahead by up to
their ratio; with more connections processor time decides again.
";

fn verdict(row: &Row) -> String {
    let ratio = row.compared.ratio.median();
    if ratio >= row.aim {
        return "met".to_owned();
    }
    format!("missed by {:.0} %", (1.0 - ratio / row.aim) * 100.0)
}

fn cost(side: &Side) -> String {
    if side.client.is_empty() {
        return String::new();
    }
    format!(", processor µs each: {:.0} program, {:.0} server", side.client.median(), side.server.median())
}

fn megabytes(octets: i64) -> i64 {
    octets >> 20
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "{line}");
}
