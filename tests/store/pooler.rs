//! What the tests that go through PgBouncer rely on.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use macro_rules_attribute::apply;

use super::ways::is_pooled;
use super::world::World;

#[apply(both_ways)]
async fn behind_the_pooler_no_two_statements_in_a_row_are_in_one_session() {
    let world = World::with("max_pool_size=1").await;
    let mut sessions = Vec::new();
    for _ in 0..6 {
        let mut client = world.store.pool().get().await.expect("a connection");
        let rows = client.query("SELECT pg_backend_pid()", &[], &[]).await.expect("a process");
        sessions.push(rows[0].get::<_, i32>(0));
    }
    let repetitions = sessions.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert_eq!(repetitions, if is_pooled() { 0 } else { 5 }, "{sessions:?}");
    assert_eq!(sessions.iter().collect::<HashSet<_>>().len(), if is_pooled() { 2 } else { 1 });
}

/// The files whose tests go one way by themselves, or look at something that no way leads to.
const OF_ONE_WAY: [&str; 7] = [
    "audit/plans.rs",
    "devices/plans.rs",
    // Settings of sessions, and a network between the store and the server.
    "errors.rs",
    // A server of its own.
    "hot.rs",
    "plans.rs",
    // One thread for everything.
    "spans.rs",
    // Both ways, with a pooler whose only session can be found in the server's log.
    "statements.rs",
];

#[test]
fn every_other_test_of_the_store_goes_both_ways() {
    // In two pieces, not to find itself.
    let mark = concat!("#[tokio", "::test");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("store");
    let mut found: Vec<String> = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).expect("a file").contains(mark) {
                found.push(path.strip_prefix(&root).expect("a file of the store").display().to_string());
            }
        }
    }
    found.sort();
    assert_eq!(found, OF_ONE_WAY, "fix: #[apply(both_ways)] instead of {mark}], or a line above");
}
