//! A backup is of one moment, whatever is written meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Clients, NAMES, NO_CLIENTS, directory, filled, text};
use crate::support::{Database, eventually, execute, skipped};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_writes_is_of_one_moment_and_its_manifest_too() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    database.execute("CREATE TABLE counted (n integer); CREATE TABLE counted_too (n integer)").await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(database.pool().clone(), done.clone()));
    let written = "SELECT (count(*) > 10)::text FROM counted";
    eventually("rows are written", async || database.column(written).await == ["true"]).await;
    let directory = directory();
    for name in NAMES {
        let file = directory.path().join(name);
        let outcome = clients.run(&database, &["backup", text(&file), "--verify"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let target = Database::empty().await;
        let outcome = clients.run(&target, &["restore", text(&file)]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let counts =
            target.column("SELECT (SELECT count(*) FROM counted) - (SELECT count(*) FROM counted_too)").await;
        assert_eq!(counts, ["0"], "both tables are of one moment");
    }
    done.store(true, Ordering::Relaxed);
    writer.await.expect("the writer ends");
}

/// Keeps two tables at the same number of rows, and others in motion.
async fn write(pool: sqlx::PgPool, done: Arc<AtomicBool>) {
    while !done.load(Ordering::Relaxed) {
        execute(
            &pool,
            "BEGIN; INSERT INTO counted VALUES (1); UPDATE users SET failed_login_attempts = failed_login_attempts + 1;
             DELETE FROM access_tokens WHERE id = (SELECT id FROM access_tokens LIMIT 1);
             INSERT INTO counted_too VALUES (1); COMMIT",
        )
        .await;
    }
}
