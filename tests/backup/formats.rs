//! Every format, there and back.

use std::os::unix::fs::PermissionsExt;

use super::{Clients, NAMES, NO_CLIENTS, content, directory, filled, names, nothing_is_left, text};
use crate::support::{Database, skipped};

#[tokio::test]
async fn every_format_gives_back_schema_rows_and_privileges() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    assert!(before.values().all(|rows| !rows.is_empty()), "every table has rows");
    let directory = directory();
    for name in NAMES {
        let file = directory.path().join(name);
        clients.back_up(&database, &file);
        let target = Database::empty().await;
        let outcome = clients.run(&target, &["restore", text(&file)]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.stdout.contains("schema and rows are those of database"), "{outcome:?}");
        assert_eq!(content(&target).await, before, "{name}");
        let status = clients.run(&target, &["migrate", "status", "--check"]);
        assert_eq!(status.code, Some(0), "{status:?}");
    }
}

#[tokio::test]
async fn what_is_there_is_replaced_when_that_is_agreed_to() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    for name in NAMES {
        let file = directory.path().join(name);
        clients.back_up(&database, &file);
        database.execute("DROP TABLE audit_logs; DELETE FROM access_tokens; CREATE TABLE other (a int); CREATE SCHEMA more; CREATE TABLE more.things (a int)").await;
        let outcome = clients.run(&database, &["restore", text(&file), "--replace", "--yes"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(content(&database).await, before, "{name}");
        assert_eq!(database.column("SELECT to_regclass('more.things')").await, [""]);
    }
}

#[tokio::test]
async fn several_jobs_restore_into_a_new_database_that_takes_the_place_of_the_old() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET search_path = \"$user\", public; ALTER DATABASE {name} SET statement_timeout = '1min'; COMMENT ON DATABASE {name} IS 'It''s mine'; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO authority_app; ALTER DATABASE {name} CONNECTION LIMIT 40")).await;
    let before = content(&database).await;
    let properties = properties(&database).await;
    let directory = directory();
    for (name, backup_jobs) in [("b.dump", &[][..]), ("b.dir", &["--jobs", "2"][..])] {
        let file = directory.path().join(name);
        let arguments: Vec<_> = ["backup", text(&file)].iter().chain(backup_jobs).copied().collect();
        let outcome = clients.run(&database, &arguments);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let connected = database.connection_as("authority").await;
        let outcome = clients.run(&database, &["restore", text(&file), "--jobs", "2", "--replace", "--yes"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        drop(connected);
        assert_eq!(content(&database).await, before, "{name}");
        assert_eq!(self::properties(&database).await, properties);
        nothing_is_left(&database).await;
    }
}

#[tokio::test]
async fn a_backup_is_private_and_nothing_else_is_left_beside_it() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    for name in NAMES {
        clients.back_up(&database, &directory.path().join(name));
    }
    clients.back_up(&database, &directory.path().join("slash/"));
    assert_eq!(
        names(directory.path()),
        ["b.dir", "b.dump", "b.dump.manifest.json", "b.sql", "b.sql.gz", "b.sql.zst", "slash"]
    );
    let inside = names(&directory.path().join("b.dir"));
    assert!(inside.contains(&"authority-manifest.json".to_owned()), "{inside:?}");
    let of_directory = inside.iter().map(|name| format!("b.dir/{name}"));
    for name in names(directory.path()).into_iter().chain(of_directory) {
        let metadata = directory.path().join(&name).metadata().expect("it is there");
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o7777, expected, "{name}");
    }
}

#[tokio::test]
async fn a_backup_is_replaced_only_with_force() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    for name in NAMES {
        let file = directory.path().join(name);
        clients.back_up(&database, &file);
        let refused = clients.run(&database, &["backup", text(&file)]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(
            refused.stderr.contains("exists already") && refused.stderr.contains("--force"),
            "{refused:?}"
        );
    }
    database.execute("DELETE FROM access_tokens").await;
    let before = content(&database).await;
    for name in NAMES {
        let file = directory.path().join(name);
        let replaced = clients.run(&database, &["backup", text(&file), "--force"]);
        assert_eq!(replaced.code, Some(0), "{replaced:?}");
        let target = Database::empty().await;
        let outcome = clients.run(&target, &["restore", text(&file)]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(content(&target).await, before, "{name}");
    }
    assert_eq!(names(directory.path()).len(), NAMES.len() + 1, "nothing else is left");
}

#[tokio::test]
async fn the_manifest_is_also_printed_as_json() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql.zst");
    let outcome = clients.run(&database, &["backup", text(&file), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let manifest = &report["manifest"];
    assert_eq!(manifest["database"], database.name());
    assert_eq!(report["bytes"], file.metadata().expect("the file").len());
    assert_eq!(report["verified"], false);
    let users = manifest["tables"].as_array().expect("tables").iter().find(|table| table["name"] == "users");
    assert_eq!(users.expect("the table users")["rows"], 201);
    let restored = clients.run(&Database::empty().await, &["restore", text(&file), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&restored.stdout).expect("JSON");
    assert_eq!((&report["compared"], &report["tables"]), (&serde_json::json!(true), &manifest["tables"]));
}

/// What a database has beside its content.
async fn properties(database: &Database) -> Vec<String> {
    let name = database.name();
    database
        .column(&format!(
            "SELECT (to_jsonb(d) - 'oid' - 'datfrozenxid' - 'datminmxid' - 'datlastsysoid' - 'datacl' || jsonb_build_object(
                 'privileges', (SELECT jsonb_agg(acl::text ORDER BY acl::text) FROM unnest(datacl) AS acl),
                 'settings', (SELECT jsonb_agg(setconfig) FROM pg_db_role_setting WHERE setdatabase = d.oid),
                 'comment', shobj_description(d.oid, 'pg_database')))::text
             FROM pg_database d WHERE datname = '{name}'"
        ))
        .await
}
