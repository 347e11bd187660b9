//! Everything that works on a database works through the pooler as well.

use authority_migration::migrations::ALL;
use authority_migration::runner::{Error, Runner};
use authority_migration::{Migration, Script};

use super::pooler::{connect, direct_url};
use super::{Pooler, run};
use crate::support::{Database, Need, Outcome, authority_db, canonical_text, everything, in_time};

const MANY: usize = 16;

/// A step that cannot run in a transaction.
const INDEX: Migration = Migration::new(
    "m20990101_000001_users_email_verified",
    || {
        Script::new()
            .sql("CREATE INDEX CONCURRENTLY \"idx_users_verified\" ON \"users\" (\"email_verified_at\")")
    },
    || Script::new().sql("DROP INDEX CONCURRENTLY \"idx_users_verified\""),
)
.without_transaction();

#[tokio::test]
async fn every_command_does_and_prints_the_same_through_the_pooler() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let (direct, behind) = (Database::empty().await, Database::empty().await);
    let pooler = Pooler::of(&behind).await;
    for arguments in [
        &["migrate", "status"][..],
        &["migrate", "plan"],
        &["migrate", "up", "--to", ALL[3].name()],
        &["migrate", "status", "--check"],
        &["migrate"],
        &["migrate", "status", "--check"],
        &["migrate", "redo", "2", "--yes"],
        &["migrate", "down", "3", "--yes"],
        &["migrate", "plan"],
        &["migrate", "up"],
        &["migrate", "fresh", "--yes"],
        &["migrate"],
        &["seed"],
        &["seed"],
        &["tune", "--memory", "1GB"],
        &["tune", "--json"],
    ] {
        let expected = comparable(run(&direct_url(&direct), arguments), &direct);
        let outcome = comparable(run(pooler.url(), arguments), &behind);
        assert_eq!(outcome, expected, "{arguments:?} through the pooler");
        assert_eq!(canonical_text(behind.pool()).await, canonical_text(direct.pool()).await, "{arguments:?}");
    }
}

#[tokio::test]
async fn sixteen_processes_apply_each_step_once_through_the_pooler() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::of(&database).await;
    let start = |_| authority_db(pooler.url(), &["migrate"]).spawn().expect("authority-db starts");
    let children: Vec<_> = (0..MANY).map(start).collect();
    let waiting = tokio::task::spawn_blocking(|| children.into_iter().map(Outcome::of).collect::<Vec<_>>());
    let mut applied = Vec::new();
    for outcome in in_time("sixteen migrations", waiting).await.expect("they end") {
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let steps = outcome.stdout.lines().filter_map(|line| line.strip_prefix("applied"));
        applied.extend(steps.map(|step| step.split_whitespace().next().unwrap_or_default().to_owned()));
    }
    applied.sort();
    assert_eq!(applied, names());
    assert_eq!(
        canonical_text(database.pool()).await,
        canonical_text(Database::migrated().await.pool()).await
    );
}

#[tokio::test]
async fn the_smallest_pool_that_can_be_printed_is_enough_for_a_migration() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::with(&database, &["--pool-size", "3"], &[]).await;
    let outcome = run(pooler.url(), &["migrate"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let runner = Runner::new(connect(pooler.url()).await);
    let redone = in_time("redo", runner.redo(ALL.len(), &|_| {})).await.expect("redo");
    assert_eq!(redone.len(), ALL.len());
}

#[tokio::test]
async fn the_schema_that_is_read_is_the_same_through_the_pooler() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let pooler = Pooler::of(&database).await;
    let pool = connect(pooler.url()).await;
    assert_eq!(canonical_text(&pool).await, canonical_text(database.pool()).await);
    assert_eq!(everything(&pool).await, everything(database.pool()).await);
}

#[tokio::test]
async fn a_step_outside_a_transaction_stops_and_asks_for_the_server_itself() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let pooler = Pooler::of(&database).await;
    let before = everything(database.pool()).await;
    let migrations = [ALL, &[INDEX]].concat();
    let runner = Runner::new(connect(pooler.url()).await).with_migrations(migrations.clone());
    let error = in_time("the run", runner.up(None, &|_| {})).await.expect_err("the pooler refuses it");
    assert!(matches!(&error, Error::NoDedicatedConnection { .. }), "{error:?}");
    assert!(error.fix("authority-db").expect("a fix").contains("the server itself"), "{error:?}");
    assert_eq!(everything(database.pool()).await, before);

    let direct = Runner::new(connect(&direct_url(&database)).await).with_migrations(migrations);
    assert_eq!(
        in_time("the run", direct.up(None, &|_| {})).await.expect("it works directly"),
        [INDEX.name()]
    );
}

#[tokio::test]
async fn programs_that_need_a_session_of_their_own_ask_for_the_server_itself() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let pooler = Pooler::of(&database).await;
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (direct, through) = (path("direct.sql"), path("through.sql"));
    // Some builds of PostgreSQL come without pg_dump; then there is nothing to restore.
    let backed_up = run(&direct_url(&database), &["backup", &direct]).code == Some(0);
    let attempts =
        [Some(["backup", &through, "--force"]), backed_up.then_some(["restore", &direct, "--replace"])];
    for attempt in attempts.into_iter().flatten() {
        for url in [pooler.url().to_owned(), format!("{}?prepared_statements=false", pooler.url())] {
            let outcome = run(&url, &attempt);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(outcome.stderr.contains("a pooler stands in front of the database"), "{outcome:?}");
            assert!(outcome.stderr.contains("the server's own address"), "{outcome:?}");
        }
    }
    assert!(!std::path::Path::new(&through).exists());
}

#[tokio::test]
async fn migrations_leave_no_session_state_behind_in_the_pooler() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::empty().await;
    let pooler = Pooler::of(&database).await;
    assert_eq!(run(pooler.url(), &["migrate"]).code, Some(0));
    assert_eq!(run(pooler.url(), &["migrate", "redo", "5", "--yes"]).code, Some(0));
    let outcome = run(pooler.url(), &["pgbouncer", "--check"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("server connections come without leftovers"), "{outcome:?}");
}

fn names() -> Vec<&'static str> {
    ALL.iter().map(Migration::name).collect()
}

/// What was printed, without the name of the database and without times.
fn comparable(outcome: Outcome, database: &Database) -> String {
    let Outcome { code, stdout, stderr } = outcome;
    let lines: Vec<_> = stdout.lines().map(without_times).collect();
    format!("{code:?}\n{}\n{stderr}", lines.join("\n")).replace(database.name(), "[database]")
}

/// A line without `… 12 ms` at its end and without a time of day.
fn without_times(line: &str) -> String {
    let line = match line.strip_suffix(" ms").and_then(|rest| rest.rsplit_once(' ')) {
        Some((step, _)) => step.trim_end(),
        None => line,
    };
    let words = line.split(' ').map(|word| if is_time(word) { "[time]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn is_time(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    digits >= 6 && word.chars().all(|c| c.is_ascii_digit() || "-:.TZ+".contains(c))
}
