//! The SQL of a plan, run by hand.

use std::io::Write as _;
use std::process::{Command, Stdio};

use authority_migration::Migration;
use authority_migration::migrations::ALL;
use authority_migration::runner::Error;

use super::indexes::INDEX;
use super::{LAST, PEOPLE, PEOPLE_AGE, all_and, apply, runner};
use crate::support::{Database, canonical_text, everything, psql, skipped};

/// What the ledger holds apart from times.
const RECORDED: &str = "SELECT concat_ws('|', version, encode(fingerprint, 'hex'), sql, compatible_with)
                        FROM seaql_migrations ORDER BY version";

#[tokio::test]
async fn a_plan_run_by_hand_gives_what_a_run_gives() {
    same_by_hand(ALL).await;
}

#[tokio::test]
async fn a_plan_with_a_concurrent_index_run_by_hand_gives_what_a_run_gives() {
    if psql().is_none() {
        // A text with such a statement cannot be sent as one.
        return skipped("there is no psql");
    }
    same_by_hand(&all_and(&[PEOPLE, PEOPLE_AGE, INDEX, LAST.breaking()])).await;
}

#[tokio::test]
async fn a_plan_runs_nothing_and_ends_with_an_empty_one() {
    let database = Database::empty().await;
    let runner = runner(&database, &[PEOPLE, PEOPLE_AGE]);
    assert!(!runner.plan(None).await.expect("a plan").is_empty());
    assert_eq!(everything(database.pool()).await, "");
    apply(&runner).await;
    let plan = runner.plan(None).await.expect("a plan");
    assert!(plan.is_empty(), "{plan}");
}

#[tokio::test]
async fn a_plan_holds_the_steps_up_to_its_target() {
    let database = Database::empty().await;
    let plan = runner(&database, &[PEOPLE, PEOPLE_AGE]).plan(Some(PEOPLE.name())).await.expect("a plan");
    let plan = plan.to_string();
    assert!(plan.contains(PEOPLE.name()) && !plan.contains(PEOPLE_AGE.name()), "{plan}");
}

#[tokio::test]
async fn a_plan_is_refused_where_a_run_would_be() {
    let database = Database::empty().await;
    database.execute("CREATE TABLE people (id text)").await;
    let error = runner(&database, &[PEOPLE]).plan(None).await;
    assert!(matches!(error, Err(Error::InTheWay { .. })), "{error:?}");
}

async fn same_by_hand(migrations: &[Migration]) {
    let (by_hand, by_runner) = (Database::empty().await, Database::empty().await);
    let plan = runner(&by_hand, migrations).plan(None).await.expect("a plan").to_string();
    run(&by_hand, &plan).await;
    apply(&runner(&by_runner, migrations)).await;
    assert_eq!(canonical_text(by_hand.pool()).await, canonical_text(by_runner.pool()).await);
    assert_eq!(by_hand.column(RECORDED).await, by_runner.column(RECORDED).await);
    let status = runner(&by_hand, migrations).status().await.expect("the status can be read");
    assert!(status.is_up_to_date(), "{status:?}");
    assert_eq!(apply(&runner(&by_hand, migrations)).await, [""; 0]);
}

/// With `psql` as the plan itself recommends; on a machine without one, as one text.
async fn run(database: &Database, plan: &str) {
    let Some(psql) = psql() else { return database.execute(plan).await };
    let mut command = Command::new(psql);
    command.args(["-X", "-v", "ON_ERROR_STOP=1", "--quiet", "--dbname", &database.url()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("psql starts");
    child.stdin.take().expect("its input").write_all(plan.as_bytes()).expect("psql reads the plan");
    let output = child.wait_with_output().expect("psql ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
