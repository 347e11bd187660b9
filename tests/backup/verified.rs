//! `--verify`: a backup is restored into a scratch database, and compared.

use std::fs;
use std::path::Path;

use super::{Clients, NAMES, NO_CLIENTS, content, directory, filled, names, nothing_is_left, text};
use crate::support::{Database, skipped};

#[tokio::test]
async fn a_good_backup_is_proved_without_touching_the_database() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    for name in NAMES {
        let file = directory.path().join(name);
        let outcome = clients.run(&database, &["backup", text(&file), "--verify"]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.stdout.contains("restored and compared in a scratch database"), "{outcome:?}");
        let outcome = clients.run(&database, &["restore", text(&file), "--verify"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(outcome.stdout.contains("can be restored"), "{outcome:?}");
    }
    assert_eq!(content(&database).await, before);
    nothing_is_left(&database).await;
    assert_eq!(names(directory.path()).len(), NAMES.len() + 1);
}

#[tokio::test]
async fn a_manifest_that_was_changed_is_noticed() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.dump");
    clients.back_up(&database, &file);
    let manifest = directory.path().join("b.dump.manifest.json");
    let text_of = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, text_of.replacen("\"rows\": 201", "\"rows\": 202", 1)).expect("a file");
    let outcome = clients.run(&database, &["restore", text(&file), "--verify"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("manifest") && outcome.stderr.contains("is damaged"), "{outcome:?}");
}

#[tokio::test]
async fn a_manifest_that_was_changed_together_with_its_checksum_does_not_fit_the_rows() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, target) = (filled().await, Database::migrated().await);
    let before = content(&target).await;
    let directory = directory();
    let file = directory.path().join("b.sql");
    clients.back_up(&database, &file);
    let original = fs::read_to_string(&file).expect("SQL");
    let schema =
        original.split("\"schema_sha256\":\"").nth(1).and_then(|rest| rest.get(..64)).expect("a fingerprint");
    let users =
        original.split("{\"name\":\"users\",").nth(1).and_then(|rest| rest.split('}').next()).expect("users");
    let last = if users.ends_with("0\"") { "1\"" } else { "0\"" };
    let other_digest = format!("{}{last}", &users[..users.len() - 2]);
    for (from, to, told) in [
        (users.to_owned(), users.replace("201", "202"), "table users has 201 rows instead of 202"),
        (users.to_owned(), other_digest, "table users has other rows"),
        ("{\"name\":\"users\"".to_owned(), "{\"name\":\"persons\"".to_owned(), "table persons is missing"),
        (schema.to_owned(), "0".repeat(64), "the schema"),
    ] {
        forge(&database, &file, &original.replacen(&from, &to, 1)).await;
        let outcome = clients.run(&database, &["restore", text(&file), "--verify"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(told), "{outcome:?}");
        nothing_is_left(&database).await;
        if told != "the schema" {
            let outcome = clients.run(&target, &["restore", text(&file), "--replace", "--yes"]);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(outcome.stderr.contains("nothing was changed"), "{outcome:?}");
            assert_eq!(content(&target).await, before);
        }
    }
}

#[tokio::test]
async fn the_digest_sees_every_row_and_every_value() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    database
        .execute("CREATE TABLE t (a text, b numeric, c timestamptz, d float8, e bytea, f interval)")
        .await;
    database.execute("INSERT INTO t VALUES ('x', 1.10, '2026-01-01T00:00:00Z', 0.1, '\\x00', '1 day'), ('x', 1.10, '2026-01-01T00:00:00Z', 0.1, '\\x00', '1 day')").await;
    let directory = directory();
    let mut seen = vec![digest(&clients, &database, directory.path())];
    for change in [
        "UPDATE t SET a = 'y' WHERE ctid = (SELECT min(ctid) FROM t)",
        "UPDATE t SET a = NULL WHERE a = 'y'",
        "UPDATE t SET a = '' WHERE a IS NULL",
        "UPDATE t SET b = 1.1",
        "UPDATE t SET d = 0.1::float8 + 1e-18",
        "UPDATE t SET d = 0.30000000000000004",
        "UPDATE t SET c = c + '1 microsecond'",
        "UPDATE t SET e = '\\x01'",
        "UPDATE t SET f = '24 hours'",
        "INSERT INTO t SELECT * FROM t",
        "DELETE FROM t",
    ] {
        database.execute(change).await;
        let digest = digest(&clients, &database, directory.path());
        if change.contains("1e-18") {
            assert_eq!(Some(&digest), seen.last(), "the number is the same");
            continue;
        }
        assert!(!seen.contains(&digest), "{change}");
        seen.push(digest);
    }
    // Settings of the role do not matter, nor does the order of the rows.
    let name = database.name();
    database.execute("INSERT INTO t SELECT 'r' || n, n, '2026-06-01'::timestamptz, n, '\\xff', '1 hour' FROM generate_series(1, 100) n").await;
    let before = self::digest(&clients, &database, directory.path());
    database
        .execute(&format!(
            "ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'; ALTER DATABASE {name} SET datestyle = 'German, DMY';
             ALTER DATABASE {name} SET bytea_output = 'escape'; ALTER DATABASE {name} SET extra_float_digits = 0;
             ALTER DATABASE {name} SET intervalstyle = 'iso_8601';
             CREATE TABLE t2 AS SELECT * FROM t ORDER BY a DESC; TRUNCATE t; INSERT INTO t SELECT * FROM t2"
        ))
        .await;
    assert_eq!(self::digest(&clients, &database, directory.path()), before);
}

/// The record of table `t` in a backup.
fn digest(clients: &Clients, database: &Database, directory: &Path) -> serde_json::Value {
    let outcome = clients.run(database, &["backup", text(&directory.join("d.sql")), "--force", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let tables = report["manifest"]["tables"].as_array().expect("tables");
    tables.iter().find(|table| table["name"] == "t").expect("table t").clone()
}

/// Writes a text as a backup whose checksum is right.
async fn forge(database: &Database, file: &Path, text: &str) {
    let end = text.rfind("-- authority-backup-sha256: ").expect("a checksum");
    // The server computes it: 1 MB fits into a statement.
    let literal = text[..end].replace('\'', "''");
    let sha256 =
        database.column(&format!("SELECT encode(sha256(convert_to('{literal}', 'UTF8')), 'hex')")).await;
    fs::write(file, format!("{}-- authority-backup-sha256: {}\n", &text[..end], sha256[0])).expect("a file");
}
