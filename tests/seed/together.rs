//! One seed at a time, and all of it or nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authority_seed::{AdminOutcome, Error};

use super::{ROWS, plant, prepare, seed};
use crate::support::{Database, Session, eventually, in_time};

const LOCK: &str = "SELECT pg_advisory_xact_lock(x'41757468'::int, x'73656564'::int)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_seeds_at_once_make_one_administrator() {
    let database = Database::migrated().await;
    let seeds = (0..16).map(|number| {
        let name = format!("admin{number}");
        let seed = seed(&[("ADMIN_USERNAME", &name), ("ADMIN_EMAIL", &format!("{name}@example.org"))]);
        let pool = database.pool().clone();
        tokio::spawn(async move {
            let prepared = seed.prepare(&pool, &|_| {}).await.expect("a seed");
            prepared.commit().await.expect("a commit")
        })
    });
    let (mut made, mut kept) = (Vec::new(), Vec::new());
    for seed in seeds.collect::<Vec<_>>() {
        match in_time("a seed", seed).await.expect("it does not panic").admin {
            AdminOutcome::Made { id, .. } => made.push(id),
            AdminOutcome::Kept { id, .. } => kept.push(id),
        }
    }
    assert_eq!((made.len(), kept.len()), (1, 15));
    assert!(kept.iter().all(|id| *id == made[0]));
    assert_eq!(database.column("SELECT id FROM users").await, [made[0].to_string()]);
    assert_eq!(database.column("SELECT count(*) FROM audit_logs").await, ["1"]);
}

#[tokio::test]
async fn a_seed_that_may_not_wait_names_the_one_that_is_in_the_way() {
    let database = Database::migrated().await;
    let other = Session::begin(&database, LOCK).await;
    let seed = authority_seed::Seed { wait: Duration::ZERO, ..seed(&[]) };
    let error = prepare(&database, &seed).await.expect_err("the lock is held");
    let Error::Busy { holder: Some(holder), .. } = &error else { panic!("{error:?}") };
    assert_eq!(holder.pid, other.pid());
    assert!(error.fix("authority-db").is_some_and(|fix| fix.contains("--wait")));
    other.end().await;
    assert_eq!(database.column(ROWS).await, [""; 0]);
}

#[tokio::test]
async fn a_seed_waits_for_another_says_so_once_and_then_goes_on() {
    let database = Database::migrated().await;
    let other = Session::begin(&database, LOCK).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let pool = database.pool().clone();
    let waiting = {
        let (told, seed) = (told.clone(), seed(&[]));
        tokio::spawn(async move {
            let tell = |holder: &authority_seed::Holder| told.lock().expect("nobody panics").push(holder.pid);
            seed.prepare(&pool, &tell).await.expect("a seed").commit().await.expect("a commit")
        })
    };
    eventually("the seed waits", async || !told.lock().expect("nobody panics").is_empty()).await;
    let pid = other.pid();
    other.end().await;
    assert!(in_time("the seed", waiting).await.expect("it does not panic").has_changes());
    assert_eq!(*told.lock().expect("nobody panics"), [pid]);
}

#[tokio::test]
async fn a_seed_that_is_not_committed_never_happened() {
    let database = Database::migrated().await;
    let prepared = prepare(&database, &seed(&[])).await.expect("a seed");
    assert!(prepared.report().has_changes());
    assert_eq!(database.column(ROWS).await, [""; 0]);
    drop(prepared);
    // The next one needs the lock, so the first has let it go.
    assert!(plant(&database, &[]).await.has_changes());
    assert_eq!(database.column("SELECT count(*) FROM users").await, ["1"]);
}

#[tokio::test]
async fn a_waiting_seed_holds_up_no_concurrent_index() {
    let database = Database::migrated().await;
    let held = prepare(&database, &seed(&[])).await.expect("a seed");
    let told = Arc::new(Mutex::new(false));
    let pool = database.pool().clone();
    let waiting = {
        let (told, seed) = (told.clone(), seed(&[]));
        tokio::spawn(async move {
            let tell = |_: &authority_seed::Holder| *told.lock().expect("nobody panics") = true;
            seed.prepare(&pool, &tell).await.expect("a seed").commit().await.expect("a commit")
        })
    };
    eventually("the seed waits", async || *told.lock().expect("nobody panics")).await;
    let locked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(database.column(locked).await, ["0"]);
    held.commit().await.expect("a commit");
    in_time("the seed", waiting).await.expect("it does not panic");
    in_time("the index", database.execute("CREATE INDEX CONCURRENTLY mine ON users (given_name)")).await;
}
