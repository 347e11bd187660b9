//! What is measured: a file for each operation.

mod exchange;
mod introspect;
mod revoke_client;
mod rotate;
mod row_per_token;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use authority_admin::Outcome;
use authority_store::Audit;
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use crate::arguments::{Arguments, Operation};
use crate::contest::Run;
use crate::data::Data;
use crate::ground::{CONNECTIONS, Ground};
use crate::report::Report;
use crate::same_statement;

/// Where every request comes from.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
/// What every request is sent with.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
/// How every request is called.
const REQUEST: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Measures what is wanted, in the order of the table.
pub(crate) async fn measure(
    ground: &Ground,
    data: &Data,
    arguments: &Arguments,
    report: &mut Report,
) -> Outcome {
    let (pairs, length) = (arguments.pairs(), arguments.length());
    if arguments.wants(Operation::Introspect) {
        introspect::measure(ground, data, CONNECTIONS, pairs, length, report).await?;
    }
    if arguments.wants(Operation::IntrospectMany) {
        introspect::measure(ground, data, introspect::MANY, pairs, length, report).await?;
    }
    if arguments.wants(Operation::Exchange) {
        exchange::measure(ground, data, pairs, length, report).await?;
    }
    if arguments.wants(Operation::Rotate) {
        rotate::measure(ground, data, pairs, length, report).await?;
    }
    if arguments.wants(Operation::RowPerToken) {
        row_per_token::measure(ground, data, pairs, length, report).await?;
    }
    if arguments.wants(Operation::RevokeClient) {
        revoke_client::measure(ground, data, pairs, report).await?;
    }
    report.sizes(ground).await
}

/// The audit event of a request.
fn audit(now: DateTime<Utc>, random: &mut StdRng) -> Audit {
    Audit::new(now, random).ip_address(ADDRESS).user_agent(AGENT).request_id(REQUEST)
}

/// The first parameters of every audited statement, for `pgbench`.
fn audit_values(instant: DateTime<Utc>, variable: &str) -> Vec<String> {
    vec![
        same_statement::id(instant, variable),
        format!("'{ADDRESS}'::text"),
        format!("'{AGENT}'::text"),
        format!("'{REQUEST}'::text"),
        "'{}'::jsonb".to_owned(),
        same_statement::time(instant),
    ]
}

/// How many calls each caller makes in a run of this length, if it goes on as it did.
fn calls(run: Run, length: Duration) -> u64 {
    let share = u128::from(run.operations) * length.as_micros() / run.elapsed.as_micros().max(1);
    u64::try_from(share / CONNECTIONS as u128).unwrap_or(u64::MAX).max(20)
}

/// Calls of each caller in the first run, which shows how fast it is.
const FIRST_CALLS: u64 = 100;
