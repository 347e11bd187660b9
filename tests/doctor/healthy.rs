//! A database that is set up as it should be.

use std::collections::BTreeMap;

use super::own_server::OwnServer;
use super::{examine, usage};
use crate::support::{Outcome, authority_db, execute};

/// What the servers of tests otherwise do without.
const DURABLE: [(&str, &str); 2] = [("fsync", "on"), ("full_page_writes", "on")];

/// Has `setup` do everything, with a password of the administrator's own.
fn set_up(own: &OwnServer) {
    let mut setup = authority_db(&own.url(), &["setup"]);
    setup.env("MAINTENANCE_DATABASE_URL", own.superuser_url()).env("ADMIN_PASSWORD", "correct horse battery");
    let outcome: Outcome = setup.output().expect("authority-db runs").into();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

/// Whoever knows `setup` and nothing else has a healthy database.
#[tokio::test]
async fn nothing_is_wrong_with_what_setup_makes() {
    let own = OwnServer::with(&DURABLE);
    set_up(&own);
    for url in [own.url(), own.superuser_url()] {
        let examination = examine(&url, &[]);
        assert_eq!(examination.code(), Some(0), "{:#}", examination.json());
        assert_eq!(examination.json()["healthy"], true);
    }
}

/// Every check looks, for a superuser, and none has anything to say but what cannot be otherwise.
#[tokio::test]
async fn a_database_that_is_set_up_is_all_green() {
    let own = OwnServer::with(&DURABLE);
    set_up(&own);
    let tuned = authority_db(&own.superuser_url(), &["tune", "--apply"]).output().expect("authority-db runs");
    assert!(tuned.status.success(), "{tuned:?}");
    own.restart();
    let superuser = own.superuser();
    execute(&superuser, "ALTER ROLE authority_app SET idle_in_transaction_session_timeout = '60s'").await;
    let maintained = authority_db(&own.url(), &["maintain"]).output().expect("authority-db runs");
    assert!(maintained.status.success(), "{maintained:?}");
    let examination = examine(&own.superuser_url(), &[]);
    assert_eq!(examination.code(), Some(0));
    assert_eq!(examination.json()["skipped"], serde_json::json!([]), "{examination:#?}");
    let mut severities: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in examination.json()["findings"].as_array().expect("findings") {
        let check = finding["check"].as_str().expect("a check");
        severities.entry(check).or_default().push(finding["severity"].as_str().expect("a severity"));
    }
    // The version of the server and the role are the test's choice.
    assert_eq!(severities.remove("superuser"), Some(vec!["info"]));
    assert!(severities.remove("server-end-of-life").is_some());
    assert!(severities.values().all(|one| *one == ["ok"]), "{severities:#?}");
    severities.extend([("superuser", vec![]), ("server-end-of-life", vec![])]);
    let faults = usage::faults_of_connecting();
    let expected: Vec<_> = usage::checks().into_iter().filter(|check| !faults.contains(check)).collect();
    assert_eq!(severities.len(), expected.len(), "{severities:#?}");
    assert!(expected.iter().all(|check| severities.contains_key(check.as_str())));

    // For its unprivileged owner as well, though some of it is not visible.
    let examination = examine(&own.url(), &[]);
    assert_eq!(examination.code(), Some(0));
    for check in ["schema-drift", "serving-role-privileges", "durability", "default-admin-password"] {
        examination.is_well(check);
    }
}
