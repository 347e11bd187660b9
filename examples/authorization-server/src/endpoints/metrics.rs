//! What the store has done, for Prometheus (text format 0.0.4): counts and durations, no names of anybody.

use std::fmt::Write;

use authority_store::{BUCKETS, Metrics, StatementMetrics};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::app::Shared;

/// Not for the world: a proxy keeps it within the house.
pub(super) async fn show(State(app): State<Shared>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text(&app.store.metrics()))
}

fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    let pool = &metrics.pool;
    let gauges = [
        ("authority_pool_max_connections", pool.max_size),
        ("authority_pool_connections", pool.size),
        ("authority_pool_idle_connections", pool.available),
        ("authority_pool_waiting", pool.waiting),
    ];
    for (name, value) in gauges {
        let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
    }
    let counters = [
        ("authority_pool_opened_total", pool.opened),
        ("authority_pool_broken_total", pool.broken),
        ("authority_pool_abandoned_total", pool.abandoned),
        ("authority_pool_checkouts_total", pool.checkouts),
        ("authority_pool_checkout_timeouts_total", pool.checkout_timeouts),
        ("authority_introspected_tokens_total", metrics.introspected),
    ];
    for (name, value) in counters {
        let _ = writeln!(text, "# TYPE {name} counter\n{name} {value}");
    }
    family(&mut text, metrics, "authority_statement_errors_total", |statement| statement.errors);
    family(&mut text, metrics, "authority_statement_repetitions_total", |statement| statement.repetitions);
    text.push_str("# TYPE authority_statement_seconds histogram\n");
    metrics.statements.iter().for_each(|statement| histogram(&mut text, statement));
    text
}

fn family(text: &mut String, metrics: &Metrics, name: &str, value: impl Fn(&StatementMetrics) -> u64) {
    let _ = writeln!(text, "# TYPE {name} counter");
    for statement in &metrics.statements {
        let _ = writeln!(text, "{name}{{statement=\"{}\"}} {}", statement.name, value(statement));
    }
}

/// Prometheus counts in each bucket what is in the smaller ones too.
fn histogram(text: &mut String, statement: &StatementMetrics) {
    const NAME: &str = "authority_statement_seconds";
    let name = statement.name;
    let mut count = 0;
    let bounds = BUCKETS.iter().map(|bound| format!("{}.{:06}", bound / 1_000_000, bound % 1_000_000));
    for (bound, number) in bounds.chain(["+Inf".to_owned()]).zip(statement.buckets) {
        count += number;
        let _ = writeln!(text, "{NAME}_bucket{{statement=\"{name}\",le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(text, "{NAME}_sum{{statement=\"{name}\"}} {}", statement.total.as_secs_f64());
    let _ = writeln!(text, "{NAME}_count{{statement=\"{name}\"}} {count}");
}
