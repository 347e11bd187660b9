//! `tune --apply`.

use authority_local_postgres::OWNER_ROLE;

use super::{ask, own_server, run, superuser, written};
use crate::support::Database;

const EXAMPLE: [&str; 6] = ["tune", "--apply", "--memory", "1GB", "--connections", "100"];

#[tokio::test]
async fn what_is_applied_takes_effect_at_once_or_after_a_restart() {
    let own = own_server("max_connections = 50");
    let url = superuser(&own);
    let outcome = run(&url, &EXAMPLE);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome.stderr.contains("restart the server to make these take effect: shared_buffers, "),
        "{outcome:?}"
    );
    for (name, now, after) in [
        ("work_mem", "16MB", "16MB"),
        ("jit", "off", "off"),
        ("shared_buffers", "128MB", "256MB"),
        ("max_connections", "50", "100"),
    ] {
        assert_eq!(ask(&url, &format!("SHOW {name}")).await, [now], "{name}");
        let waits =
            ask(&url, &format!("SELECT pending_restart::text FROM pg_settings WHERE name = '{name}'")).await;
        assert_eq!(waits, [(now != after).to_string()], "{name}");
    }
    own.restart().expect("the server starts again");
    assert_eq!(ask(&url, "SHOW shared_buffers").await, ["256MB"]);
    assert_eq!(ask(&url, "SHOW max_connections").await, ["100"]);
    let again = run(&url, &EXAMPLE);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stderr.contains("nothing to change"), "{again:?}");
}

#[tokio::test]
async fn the_smallest_and_the_largest_machine_are_within_what_the_server_accepts() {
    let own = own_server("");
    let url = superuser(&own);
    for machine in [
        ["--memory", "16TB", "--cores", "1024", "--connections", "100000", "--storage", "ssd"],
        ["--memory", "256MB", "--cores", "1", "--connections", "10", "--storage", "hdd"],
    ] {
        let outcome = run(&url, &[&["tune", "--apply"][..], &machine].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(!outcome.stderr.contains("its log says why"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_changes_nothing_and_gets_the_fragment() {
    let database = Database::empty().await;
    let outcome = run(&database.url(), &EXAMPLE);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("\nshared_buffers = 256MB\n"), "{outcome:?}");
    assert!(
        outcome.stderr.contains("nothing was changed: the role \"authority\" may not use ALTER SYSTEM"),
        "{outcome:?}"
    );
    assert!(
        outcome.stderr.contains("connect as a superuser, or put the fragment above into postgresql.conf"),
        "{outcome:?}"
    );
    assert_eq!(written().await, [""; 0]);
}

#[tokio::test]
async fn a_role_that_was_granted_some_of_the_settings_changes_none() {
    let own = own_server("");
    let url = superuser(&own);
    if own.version().major() < 15 {
        // There is nothing to grant before PostgreSQL 15: the role is an ordinary one.
        ask(&url, "SELECT current_user::text").await;
    } else {
        ask(&url, "GRANT ALTER SYSTEM ON PARAMETER shared_buffers, work_mem TO authority").await;
    }
    let outcome = run(&own.endpoint().url_for(OWNER_ROLE, "postgres"), &EXAMPLE);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        ask(&url, "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'").await,
        [""; 0]
    );
}

#[tokio::test]
async fn a_server_that_refuses_one_setting_keeps_what_it_had() {
    let own = own_server("");
    let url = superuser(&own);
    ask(&url, "ALTER SYSTEM SET work_mem TO '5MB'").await;
    // Nobody can write the file any more once its directory entry is a directory's.
    let auto = own.data_dir().join("postgresql.auto.conf.tmp");
    std::fs::create_dir(&auto).expect("a directory in the way");
    let outcome = run(&url, &EXAMPLE);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("the server refuses shared_buffers = 256MB"), "{outcome:?}");
    std::fs::remove_dir(&auto).expect("it can be removed");
    let written =
        ask(&url, "SELECT name || '=' || setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'")
            .await;
    assert_eq!(written, ["work_mem=5MB"]);
}

#[tokio::test]
async fn a_setting_of_the_database_is_left_alone_and_named() {
    let own = own_server("");
    let url = superuser(&own);
    ask(&url, "ALTER DATABASE postgres SET work_mem TO '3MB'").await;
    let outcome = run(&url, &EXAMPLE);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("left work_mem alone: it comes from the database"), "{outcome:?}");
    assert!(
        outcome.stdout.contains("# Now 3MB (database); wins over this file.\nwork_mem = 16MB\n"),
        "{outcome:?}"
    );
}
