//! What `tune` prints.

use super::{ask, own_server, run, settings, superuser, written};
use crate::support::{Database, server};

/// Nobody listens there.
const NOBODY: &str = "postgres://authority@127.0.0.1:1/authority_db?retry_attempts=0";

#[tokio::test]
async fn a_server_starts_with_the_fragment_and_has_every_setting_of_it() {
    let arguments = ["tune", "--memory", "1GB", "--connections", "100"];
    let fragment = run(NOBODY, &arguments);
    assert_eq!(fragment.code, Some(0), "{fragment:?}");
    let own = own_server(&fragment.stdout);
    let url = superuser(&own);
    assert_eq!(ask(&url, "SELECT name FROM pg_file_settings WHERE error IS NOT NULL").await, [""; 0]);
    for (name, value) in
        [("shared_buffers", "256MB"), ("work_mem", "16MB"), ("wal_buffers", "16MB"), ("jit", "off")]
    {
        assert_eq!(ask(&url, &format!("SHOW {name}")).await, [value], "{name}");
    }
    let again = run(&url, &["tune", "--json", "--memory", "1GB", "--connections", "100"]);
    let differing: Vec<_> =
        settings(&again).into_iter().filter(|setting| setting["current"]["as_recommended"] != true).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(again.stderr.contains("the server has all of these settings"), "{again:?}");
}

#[tokio::test]
async fn the_fragment_says_what_the_server_has_now() {
    let database = Database::empty().await;
    let outcome = run(&database.url(), &["tune", "--memory", "1GB", "--connections", "100"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let note = "# Now 128MB (configuration file); a change needs a restart.\nshared_buffers = 256MB\n";
    assert!(outcome.stdout.contains(note), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("# Now on (default).\njit = off\n"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("tune --apply writes them"), "{outcome:?}");
    assert_eq!(written().await, [""; 0], "printing changes nothing");
}

#[tokio::test]
async fn without_flags_it_looks_at_this_machine_and_keeps_the_server_s_connections() {
    let database = Database::empty().await;
    let outcome = run(&database.url(), &["tune", "--json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let settings = settings(&outcome);
    let connections =
        settings.iter().find(|setting| setting["name"] == "max_connections").expect("it is there");
    assert_eq!(connections["value"], connections["current"]["value"]);
    assert!(settings.iter().all(|setting| setting["current"].is_object()), "{settings:#?}");
}

#[test]
fn a_server_elsewhere_has_to_be_described() {
    let elsewhere = "postgres://authority@db.invalid/authority_db?retry_attempts=0";
    let outcome = run(elsewhere, &["tune"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("--memory 16GB --cores 4"), "{outcome:?}");
    assert_eq!(outcome.stdout, "");
    let described = run(elsewhere, &["tune", "--memory", "16GB", "--cores", "4"]);
    assert_eq!(described.code, Some(0), "{described:?}");
    assert!(described.stdout.contains("\nshared_buffers = 4GB\n"), "{described:?}");
    assert!(described.stderr.contains("no server to compare with"), "{described:?}");
}

#[test]
fn what_no_machine_is_like_is_wrong_usage() {
    for arguments in [
        &["tune", "--memory", "64MB"][..],
        &["tune", "--memory", "lots"],
        &["tune", "--memory", "1GB", "--connections", "5000"],
        &["tune", "--memory", "1GB", "--cores", "0"],
        &["tune", "--memory", "1GB", "--storage", "tape"],
    ] {
        let outcome = run(NOBODY, arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
}

#[test]
fn apply_needs_a_server() {
    let outcome = run(NOBODY, &["tune", "--memory", "1GB", "--apply"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("pg_isready"), "{outcome:?}");
    assert!(server().endpoint().port() > 0);
}
