//! Connects, gathers what many checks need, and makes one check after the other.

use std::time::Duration;

use authority_connection::Config;
use sqlx::PgPool;

use super::DoctorArgs;
use super::ask;
use super::check::{Check, Look, Verdict};
use super::facts::{Arrival, Facts};
use super::finding::Symptom;
use super::reachability::{self, CONNECTION};
use super::registry;
use super::report::Report;
use super::requirements::VERSION;
use crate::context::Context;

/// One connection asks, one is for the reader of the migrations.
const CONNECTIONS: u32 = 2;

/// How long leaving may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Examines a database. Nothing is written to it.
pub(super) async fn examine(context: &Context, config: &Config, args: &DoctorArgs) -> Report {
    let mut report = Report::new(config);
    let database = match config.open_with(CONNECTIONS).await {
        Ok(database) => database,
        Err(error) => {
            report.connection_failed(reachability::diagnose(&error));
            report.ends(CONNECTION);
            return report;
        }
    };
    report.server(&database.server);
    let pool = database.connection.get_postgres_connection_pool().clone();
    let arrival = Arrival {
        program: context.program(),
        serving_role: context.serving_role(),
        config: config.clone(),
        server: database.server,
        args: args.clone(),
    };
    let own = |check: &Check| matches!(check.look, Look::Connecting | Look::Arrival(_));
    for (_, check) in registry::checks().filter(|(_, check)| own(check)) {
        on_arrival(&mut report, check, &arrival);
    }
    if report.blocked(VERSION) {
        report.ends(VERSION);
        return report;
    }
    match Facts::gather(arrival, &pool).await {
        Ok(facts) => {
            for (_, check) in registry::checks().filter(|(_, check)| !own(check)) {
                on_facts(&mut report, check, &facts, &pool).await;
            }
        }
        Err(error) => {
            let message = format!("the server did not answer: {}", reachability::sentence(&error));
            report.found(check_named(CONNECTION), vec![Symptom::error("", message)]);
            report.ends(CONNECTION);
        }
    }
    // A connection that still waits for an answer must not keep the report from its reader.
    let _ = tokio::time::timeout(GOODBYE, pool.close()).await;
    report
}

fn on_arrival(report: &mut Report, check: &'static Check, arrival: &Arrival) {
    match check.look {
        // The others of that kind only have something to say when there is no connection.
        Look::Connecting if check.id == CONNECTION => {
            let (user, host) = (arrival.config.user(), &arrival.server.host);
            report.found(check, vec![Symptom::ok(format!("{host} lets {user} into the database"))]);
        }
        Look::Arrival(judge) => match report.blocker(check) {
            Some(needed) => report.skipped(check, format!("needs {needed}")),
            None => conclude(report, check, judge(arrival)),
        },
        _ => {}
    }
}

async fn on_facts(report: &mut Report, check: &'static Check, facts: &Facts, pool: &PgPool) {
    if let Some(needed) = report.blocker(check) {
        return report.skipped(check, format!("needs {needed}"));
    }
    match &check.look {
        Look::Connecting | Look::Arrival(_) => {}
        Look::Facts(judge) => conclude(report, check, judge(facts)),
        Look::Ask(sql, judge) => {
            let rows = ask::rows(pool, &facts.arrival.serving_role, sql).await;
            match rows.and_then(|rows| judge(facts, &rows)) {
                Ok(verdict) => conclude(report, check, verdict),
                Err(error) => report.found(check, vec![unanswered(check, &error)]),
            }
        }
    }
}

/// What it means that a question got no answer. Only a lack of privileges is nothing to worry about.
fn unanswered(check: &Check, error: &sqlx::Error) -> Symptom {
    let answer = error.as_database_error();
    let words = answer.map_or_else(|| reachability::sentence(error), |answer| answer.message().to_owned());
    match answer.and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some("42501") => Symptom::hidden(&format!("whether {}", check.well)).evidence(words),
        Some("57014" | "55P03") => Symptom::warning("", "got no answer in time").evidence(words),
        _ => Symptom::warning("", "could not be examined").evidence(words),
    }
}

fn conclude(report: &mut Report, check: &'static Check, verdict: Verdict) {
    match verdict {
        Verdict::Found(symptoms) if symptoms.is_empty() => report.found(check, vec![Symptom::ok(check.well)]),
        Verdict::Found(symptoms) => report.found(check, symptoms),
        Verdict::Skipped(reason) => report.skipped(check, reason),
    }
}

fn check_named(id: &str) -> &'static Check {
    let found = registry::checks().map(|(_, check)| check).find(|check| check.id == id);
    found.unwrap_or(&registry::GROUPS[0].checks[0])
}
