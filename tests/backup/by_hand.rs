//! With PostgreSQL's programs alone, in both directions.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use super::{Clients, NO_CLIENTS, content, directory, filled, text};
use crate::support::{Database, skipped};

#[tokio::test]
async fn psql_alone_restores_what_this_program_wrote() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    let file = directory.path().join("b.sql.gz");
    clients.back_up(&database, &file);
    let target = Database::empty().await;
    let mut gunzip =
        Command::new("gunzip").arg("-c").arg(&file).stdout(Stdio::piped()).spawn().expect("gunzip runs");
    let mut psql = clients.program("psql", &target);
    psql.args(["--quiet", "--set=ON_ERROR_STOP=1"])
        .stdin(gunzip.stdout.take().expect("a pipe"))
        .stdout(Stdio::null());
    assert!(psql.status().expect("psql runs").success());
    assert!(gunzip.wait().expect("gunzip ends").success());
    // Privileges are not part of a backup; the next migration run grants them.
    assert_eq!(clients.run(&target, &["migrate"]).code, Some(0));
    assert_eq!(content(&target).await, before);
}

#[tokio::test]
async fn pg_restore_alone_restores_what_this_program_wrote() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    for name in ["b.dump", "b.dir"] {
        let file = directory.path().join(name);
        clients.back_up(&database, &file);
        let target = Database::empty().await;
        let mut pg_restore = clients.program("pg_restore", &target);
        let restored = pg_restore.args(["--exit-on-error", "--dbname", target.name()]).arg(&file).status();
        assert!(restored.expect("pg_restore runs").success());
        assert_eq!(clients.run(&target, &["migrate"]).code, Some(0));
        assert_eq!(content(&target).await, before, "{name}");
    }
}

#[tokio::test]
async fn a_decompressed_backup_is_as_good_as_before() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    let file = directory.path().join("b.sql.gz");
    clients.back_up(&database, &file);
    assert!(Command::new("gunzip").arg(&file).status().expect("gunzip runs").success());
    let outcome = clients.run(&database, &["restore", text(&directory.path().join("b.sql")), "--verify"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
}

#[tokio::test]
async fn what_pg_dump_wrote_by_hand_is_restored_and_that_nothing_was_compared_is_said() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let before = content(&database).await;
    let directory = directory();
    for (format, name) in [("plain", "h.sql"), ("custom", "h.dump"), ("directory", "h.dir")] {
        let file = directory.path().join(name);
        let mut pg_dump = clients.program("pg_dump", &database);
        assert!(
            pg_dump
                .arg("--format")
                .arg(format)
                .arg("--file")
                .arg(&file)
                .status()
                .expect("pg_dump runs")
                .success()
        );
        if format == "plain" {
            assert!(fs::read_to_string(&file).expect("SQL").contains("OWNER TO authority"));
            // As it is where the roles of another server do not exist.
            let script = fs::read_to_string(&file).expect("SQL");
            let script =
                script.replace(" authority;", " somebody_else;").replace(" authority_app;", " somebody;");
            fs::write(&file, script).expect("a file");
        }
        let target = Database::empty().await;
        let outcome = clients.run(&target, &["restore", text(&file)]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(outcome.stderr.contains("has no manifest"), "{outcome:?}");
        assert!(!outcome.stdout.contains("equal"), "{outcome:?}");
        assert_eq!(content(&target).await, before, "{name}");
    }
}

#[tokio::test]
async fn a_truncated_dump_by_hand_is_refused() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, target) = (filled().await, Database::empty().await);
    let directory = directory();
    for (format, name) in [("plain", "h.sql"), ("custom", "h.dump")] {
        let file = directory.path().join(name);
        let mut pg_dump = clients.program("pg_dump", &database);
        let dumped =
            pg_dump.arg("--format").arg(format).stdout(File::create(&file).expect("a file")).status();
        assert!(dumped.expect("pg_dump runs").success());
        let whole = fs::read(&file).expect("a dump");
        // The last words of SQL are comments; of an archive every octet counts.
        let end = if format == "plain" { whole.len() - 200 } else { whole.len() - 1 };
        for length in (1..20).map(|part| end * part / 20).chain([end]) {
            fs::write(&file, &whole[..length]).expect("a file");
            let outcome = clients.run(&target, &["restore", text(&file)]);
            assert_eq!(outcome.code, Some(1), "{length} of {}: {outcome:?}", whole.len());
        }
    }
    assert_eq!(content(&target).await.len(), 1, "there is no table");
}

#[tokio::test]
async fn a_file_cannot_make_psql_run_commands_or_end_the_transaction() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, target) = (filled().await, Database::empty().await);
    let directory = directory();
    let (file, proof) = (directory.path().join("h.sql"), directory.path().join("proof"));
    let dumped = clients.program("pg_dump", &database).output().expect("pg_dump runs");
    let dump = String::from_utf8(dumped.stdout).expect("SQL");
    let touch = format!("\\! touch {}\n", proof.display());
    for evil in [
        touch.clone(),
        format!("SELECT '\\'; {touch}"),
        "\\copy users to '/dev/null'\n".to_owned(),
        "COMMIT;\nROLLBACK;\n".to_owned(),
        "ROLLBACK;\n".to_owned(),
        "COPY users TO PROGRAM 'cat';\n".to_owned(),
    ] {
        let script = dump.replacen("--\n-- PostgreSQL database dump complete", &format!("{evil}$0"), 1);
        let script = script.replace("$0", "--\n-- PostgreSQL database dump complete");
        assert!(script.contains(&evil));
        fs::write(&file, script).expect("a file");
        let outcome = clients.run(&target, &["restore", text(&file)]);
        assert_eq!(outcome.code, Some(1), "{evil}: {outcome:?}");
        assert!(outcome.stderr.contains("nothing was changed"), "{outcome:?}");
        assert!(!proof.exists(), "{evil}");
    }
    assert_eq!(content(&target).await.len(), 1, "there is no table");
}
