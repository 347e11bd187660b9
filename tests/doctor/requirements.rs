use authority_local_postgres::{OWNER_ROLE, SUPERUSER};

use super::examine;
use crate::programs::impostor::Impostor;
use crate::support::{Database, execute, server};

#[tokio::test]
async fn a_server_that_is_too_old_is_asked_nothing_more() {
    let port = Impostor::of_postgresql_12().port();
    let examination = examine(&format!("postgres://authority@127.0.0.1:{port}/authority_db"), &[]);
    let finding = examination.finds("server-version", "error", &format!("127.0.0.1:{port}"));
    assert!(finding.message().contains("PostgreSQL 12.22"), "{finding:?}");
    examination.is_well("read-only-replica");
    assert_eq!(examination.skips("encoding"), "needs server-version");
}

/// Whether the version of this test run is still supported depends on the day; what is said has to fit the date.
#[tokio::test]
async fn a_version_without_security_fixes_is_named_with_the_date_of_the_last() {
    let database = Database::migrated().await;
    let findings = examine(&database.url(), &[]).of("server-end-of-life");
    let [finding] = &*findings else { panic!("{findings:?}") };
    let last_releases = [
        (13, "2025-11-13"),
        (14, "2026-11-12"),
        (15, "2027-11-11"),
        (16, "2028-11-09"),
        (17, "2029-11-08"),
        (18, "2030-11-14"),
    ];
    let major = server().version().major();
    let last = last_releases.iter().find(|(one, _)| *one == major).map(|(_, date)| *date);
    let today = database.column("SELECT (now() AT TIME ZONE 'UTC')::date::text").await.remove(0);
    if last.is_some_and(|last| *last < *today) {
        assert_eq!(finding.severity(), "info");
        assert!(finding.message().contains(last.expect("a date")), "{finding:?}");
        assert!(finding.fix().contains("pg_upgrade"), "{finding:?}");
    } else {
        assert_eq!(finding.severity(), "ok");
    }
}

#[tokio::test]
async fn too_little_disk_is_told_with_what_there_is() {
    let database = Database::migrated().await;
    let url = database.url_as(SUPERUSER);
    let data = server().data_dir().display().to_string();
    examine(&url, &["--min-free-mb", "0"]).is_well("disk-space");
    let finding = examine(&url, &["--min-free-mb", "1000000000000"]).finds("disk-space", "error", &data);
    assert!(finding.fix().ends_with(&format!("df -h {data}")), "{finding:?}");
}

#[tokio::test]
async fn a_role_that_may_not_see_the_data_directory_is_told_so_and_how_large_the_database_is() {
    let database = Database::migrated().await;
    let examination = examine(&database.url(), &["--min-free-mb", "1000000000000"]);
    examination.may_not_see("disk-space");
    let finding = examination.of("disk-space").remove(0);
    assert!(finding.message().contains("the database holds "), "{finding:?}");
    assert_eq!(finding.fix(), format!("GRANT pg_read_all_settings TO \"{OWNER_ROLE}\";"));
}

#[tokio::test]
async fn an_encoding_that_cannot_hold_every_name_is_an_error() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("encoding");
    let superuser = database.pool_as(SUPERUSER).await;
    execute(
        &superuser,
        "CREATE DATABASE doctor_latin1 TEMPLATE template0 ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C'",
    )
    .await;
    let url = server().endpoint().url_for(SUPERUSER, "doctor_latin1");
    let finding = examine(&url, &[]).finds("encoding", "error", "doctor_latin1");
    assert!(
        finding.message().contains("LATIN1") && finding.fix().contains("createdb --encoding UTF8"),
        "{finding:?}"
    );
}

#[tokio::test]
async fn backslashes_that_mean_something_are_a_warning() {
    let database = Database::migrated().await;
    examine(&database.url(), &[]).is_well("standard-conforming-strings");
    let alter = format!("ALTER DATABASE {} SET standard_conforming_strings = off", database.name());
    database.execute(&alter).await;
    let check = "standard-conforming-strings";
    let finding = examine(&database.url(), &[]).finds(
        "standard-conforming-strings",
        "warning",
        "standard_conforming_strings",
    );
    finding.mend(database.pool()).await;
    examine(&database.url(), &[]).is_well(check);
}
