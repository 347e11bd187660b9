//! What is not a whole backup of Authority's database changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Clients, NAMES, NO_CLIENTS, content, directory, filled, text};
use crate::support::{Database, Outcome, skipped};

/// How many octets at the start of a file are tried all.
const HEADER: usize = 12;

const RESTORE: [&str; 3] = ["restore", "--replace", "--yes"];

#[tokio::test]
async fn a_truncated_backup_is_refused_wherever_it_ends() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, target) = (filled().await, Database::migrated().await);
    let before = content(&target).await;
    let directory = directory();
    for file in files(&clients, &database, directory.path()) {
        let whole = fs::read(&file).expect("a backup");
        let parts = [
            0,
            1,
            5,
            20,
            whole.len() - 1,
            whole.len() - 2,
            whole.len() - 70,
            whole.len().saturating_sub(5000),
        ];
        for length in parts.into_iter().chain((1..8).map(|part| whole.len() * part / 8)) {
            fs::write(&file, &whole[..length]).expect("a file");
            let outcome = restore(&clients, &target, &file);
            assert_eq!(
                outcome.code,
                Some(1),
                "{length} of {} octets of {}: {outcome:?}",
                whole.len(),
                file.display()
            );
        }
        fs::write(&file, &whole).expect("a file");
    }
    assert_eq!(content(&target).await, before);
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_wherever_it_is() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (database, mut target) = (filled().await, Database::migrated().await);
    let (backed_up, mut before) = (content(&database).await, content(&target).await);
    let directory = directory();
    let mut random = 20_261_123_u64;
    for file in files(&clients, &database, directory.path()) {
        let whole = fs::read(&file).expect("a backup");
        for round in 0..32 {
            // xorshift: the same offsets in every run.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at =
                if round < HEADER { round } else { usize::try_from(random).expect("64 bits") % whole.len() };
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (random >> 61);
            fs::write(&file, &flipped).expect("a file");
            let outcome = restore(&clients, &target, &file);
            if outcome.code == Some(1) {
                continue;
            }
            // Some bits of a compressed file mean nothing. Then the backup is what it was.
            assert_eq!(outcome.code, Some(0), "octet {at} of {}: {outcome:?}", file.display());
            assert_eq!(content(&target).await, backed_up);
            let name = file.extension().and_then(|ending| ending.to_str());
            assert!(matches!(name, Some("gz" | "zst")), "octet {at} of {} was not noticed", file.display());
            target = Database::migrated().await;
            before = content(&target).await;
        }
        fs::write(&file, &whole).expect("a file");
        assert_eq!(content(&target).await, before);
    }
}

#[tokio::test]
async fn a_backup_of_another_database_is_refused() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let (foreign, similar, target) = (Database::empty().await, Database::empty().await, filled().await);
    let before = content(&target).await;
    foreign.execute("CREATE TABLE things (a integer); INSERT INTO things VALUES (1)").await;
    similar
        .execute(
            "CREATE TABLE users (a integer); CREATE TABLE seaql_migrations (version text, applied_at bigint);
             INSERT INTO seaql_migrations VALUES ('m20200101_000001_other', 0)",
        )
        .await;
    let directory = directory();
    for database in [&foreign, &similar] {
        for (format, name) in [("plain", "f.sql"), ("custom", "f.dump"), ("directory", "f.dir")] {
            let file = directory.path().join(format!("{}-{name}", database.name()));
            let mut pg_dump = clients.program("pg_dump", database);
            let dumped =
                pg_dump.arg("--format").arg(format).arg("--file").arg(&file).status().expect("pg_dump runs");
            assert!(dumped.success());
            let outcome = restore(&clients, &target, &file);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(outcome.stderr.contains("of Authority's database"), "{outcome:?}");
            assert!(outcome.stderr.contains("nothing was changed"), "{outcome:?}");
        }
    }
    assert_eq!(content(&target).await, before);
}

#[tokio::test]
async fn what_is_no_backup_at_all_is_refused() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let target = filled().await;
    let before = content(&target).await;
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    clients.back_up(&target, &at("good.sql.gz"));
    fs::copy(at("good.sql.gz"), at("misnamed.sql")).expect("a copy");
    fs::copy(at("good.sql.gz"), at("misnamed.dump")).expect("a copy");
    fs::create_dir(at("empty.dir")).expect("a directory");
    for name in NAMES.iter().filter(|name| **name != "b.dir") {
        fs::write(at(name), "").expect("a file");
        fs::write(at(&format!("text-{name}")), "Lorem ipsum; dolor sit amet;\n").expect("a file");
    }
    let mut names: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.extend(NAMES.iter().map(|name| format!("text-{name}")));
    names.extend(["misnamed.sql", "misnamed.dump", "empty.dir", "missing.sql"].map(str::to_owned));
    for name in names {
        let outcome = restore(&clients, &target, &at(&name));
        assert_eq!(outcome.code, Some(1), "{name}: {outcome:?}");
    }
    assert_eq!(content(&target).await, before);
}

#[tokio::test]
async fn what_cannot_be_restored_says_what_to_do_instead() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let target = filled().await;
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    clients.back_up(&target, &at("b.dump"));
    clients.back_up(&target, &at("b.sql"));
    for name in ["b.dump", "b.sql"] {
        let whole = fs::read(at(name)).expect("a backup");
        fs::write(at(name), &whole[..whole.len() - 9]).expect("a file");
        let outcome = restore(&clients, &target, &at(name));
        assert!(outcome.stderr.contains("is not a whole backup"), "{outcome:?}");
        assert!(outcome.stderr.contains("fix: fetch the file again, or use another backup"), "{outcome:?}");
        // The name that it was made under is not that of the file that it has.
        assert!(!outcome.stderr.contains(".partial"), "{outcome:?}");
    }
    for name in ["t.dump", "t.sql", "t.tar"] {
        let mut pg_dump = clients.program("pg_dump", &target);
        let dumped = pg_dump.arg("--format=tar").arg("--file").arg(at(name)).status().expect("pg_dump runs");
        assert!(dumped.success());
        let outcome = restore(&clients, &target, &at(name));
        assert_ne!(outcome.code, Some(0), "{outcome:?}");
        assert!(outcome.stderr.contains("--format=plain"), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_manifest_of_an_archive_names_the_file_that_it_describes() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let database = filled().await;
    let directory = directory();
    clients.back_up(&database, &directory.path().join("b.dump"));
    let manifest = fs::read(directory.path().join("b.dump.manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["manifest"]["files"][0]["name"], "b.dump");
}

#[tokio::test]
async fn a_file_that_is_missing_from_a_directory_is_noticed() {
    let Some(clients) = Clients::of_the_server() else { return skipped(NO_CLIENTS) };
    let target = filled().await;
    let before = content(&target).await;
    let directory = directory();
    let backup = directory.path().join("b.dir");
    clients.back_up(&target, &backup);
    let data = super::names(&backup).into_iter().find(|name| name.ends_with(".dat.gz")).expect("rows");
    fs::remove_file(backup.join(&data)).expect("it can be removed");
    let outcome = restore(&clients, &target, &backup);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains(&data), "{outcome:?}");
    assert_eq!(content(&target).await, before);
}

fn restore(clients: &Clients, target: &Database, file: &Path) -> Outcome {
    // What belongs to a backup is not what is restored.
    let beside = text(file).strip_suffix(".manifest.json").map(Path::new);
    let above = file.parent().filter(|parent| parent.extension().is_some_and(|ending| ending == "dir"));
    let backup = beside.or(above).unwrap_or(file);
    let arguments: Vec<_> =
        RESTORE[..1].iter().copied().chain([text(backup)]).chain(RESTORE[1..].iter().copied()).collect();
    clients.run(target, &arguments)
}

/// A backup of each format; of a directory, its table of contents, its largest file, and its manifest.
fn files(clients: &Clients, database: &Database, directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in NAMES {
        let file = directory.join(name);
        clients.back_up(database, &file);
        if !file.is_dir() {
            files.push(file);
            continue;
        }
        let size = |name: &String| file.join(name).metadata().expect("a file").len();
        let largest =
            super::names(&file).into_iter().filter(|name| name.ends_with(".dat.gz")).max_by_key(size);
        files.extend(
            ["toc.dat", "authority-manifest.json", &largest.expect("rows")].map(|name| file.join(name)),
        );
    }
    files.push(directory.join("b.dump.manifest.json"));
    files
}
