use std::fs;
use std::os::unix::fs::symlink;

use tempfile::tempdir;

use super::*;

/// Puts programs into a directory that say they are of a version of PostgreSQL.
fn install(bin_dir: &Path, version: &str) -> PathBuf {
    // A child writes them: in this process, another thread's fork could hold a program open for writing at
    // the moment it is run, which the kernel refuses.
    let script = r#"mkdir -p "$1" && cd "$1" && for name in postgres initdb pg_ctl; do
        printf '#!/bin/sh\necho "%s (PostgreSQL) %s"\n' "$name" "$2" > "$name" && chmod 755 "$name" || exit
    done"#;
    let status =
        Command::new("/bin/sh").args(["-c", script, "sh"]).arg(bin_dir).arg(version).status().unwrap();
    assert!(status.success());
    bin_dir.to_owned()
}

fn versions(found: &Found) -> Vec<&str> {
    found.usable.iter().map(|programs| programs.version().as_str()).collect()
}

#[test]
fn versions_of_every_distribution_are_read() {
    for (output, major, text) in [
        ("postgres (PostgreSQL) 18.4\n", 18, "18.4"),
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15, "15.18"),
        ("postgres (PostgreSQL) 9.6.24\n", 9, "9.6.24"),
        ("postgres (PostgreSQL) 19beta1\n", 19, "19beta1"),
        ("postgres (PostgreSQL) 20devel\n", 20, "20devel"),
    ] {
        let version = Version::parse(output).unwrap();
        assert_eq!((version.major(), version.as_str()), (major, text));
    }
    for other in ["", "postgres", "postgres (PostgreSQL)", "postgres (PostgreSQL) new", "mysqld 9.1"] {
        assert_eq!(Version::parse(other), None, "{other}");
    }
}

#[test]
fn versions_order_by_number_and_pre_releases_come_before_every_release() {
    let version = |text: &str| Version::parse(&format!("postgres (PostgreSQL) {text}")).unwrap();
    assert!(version("16.2") < version("16.10"));
    assert!(version("9.6.24") < version("13.0"));
    assert!(version("19beta1") < version("13.0"));
    assert!(version("18beta1") < version("19beta1"));
}

#[test]
fn installations_are_listed_newest_first_wherever_they_are() {
    let dir = tempdir().unwrap();
    let root = dir.path();
    install(&root.join("usr/lib/postgresql/13/bin"), "13.23");
    install(&root.join("usr/lib/postgresql/17/bin"), "17.10");
    install(&root.join("usr/pgsql-16/bin"), "16.14");
    install(&root.join("Applications/Postgres.app/Contents/Versions/18/bin"), "18.4");
    let on_path = install(&root.join("somewhere"), "14.23");
    let search = SearchPath::new(Some(on_path.as_os_str())).with_root(root);
    assert_eq!(versions(&find_all(&search)), ["18.4", "17.10", "16.14", "14.23", "13.23"]);
    assert_eq!(with_major(&search, 16).unwrap().bin_dir(), root.join("usr/pgsql-16/bin"));
    assert_eq!(newest(&search).unwrap().version().as_str(), "18.4");
}

#[test]
fn of_one_version_the_directory_named_first_is_taken() {
    let dir = tempdir().unwrap();
    let [named, on_path, known] = ["named", "on-path", "usr/lib/postgresql/16/bin"]
        .map(|name| install(&dir.path().join(name), "16.14"));
    let search = SearchPath::new(Some(on_path.as_os_str())).with_root(dir.path());
    assert_eq!(newest(&search).unwrap().bin_dir(), on_path);
    assert_eq!(newest(&search.with_first([named.clone()])).unwrap().bin_dir(), named);
    assert_eq!(newest(&SearchPath::only([known.clone()])).unwrap().bin_dir(), known);
}

#[test]
fn an_installation_that_is_reached_in_two_ways_counts_once() {
    let dir = tempdir().unwrap();
    let real = install(&dir.path().join("real"), "16.14");
    let link = dir.path().join("link");
    symlink(&real, &link).unwrap();
    let found = find_all(&SearchPath::only([link.clone(), real]));
    assert_eq!(found.usable.len(), 1);
    assert_eq!(found.usable[0].bin_dir(), link);
}

#[test]
fn incomplete_and_foreign_directories_do_not_count() {
    let dir = tempdir().unwrap();
    let incomplete = install(&dir.path().join("incomplete"), "16.14");
    fs::remove_file(incomplete.join("initdb")).unwrap();
    let foreign = install(&dir.path().join("foreign"), "x");
    let missing = dir.path().join("missing");
    assert_eq!(find_all(&SearchPath::only([incomplete, foreign, missing])), Found::default());
}

#[test]
fn old_versions_are_skipped_and_named_in_the_error() {
    let dir = tempdir().unwrap();
    let old = install(&dir.path().join("old"), "12.22");
    let error = newest(&SearchPath::only([old.clone()])).unwrap_err();
    assert!(error.to_string().contains(&format!("12.22 in {}", old.display())), "{error}");
    let current = install(&dir.path().join("current"), "13.1");
    assert_eq!(versions(&find_all(&SearchPath::only([old, current]))), ["13.1"]);
}

#[test]
fn without_programs_the_error_says_how_to_get_them() {
    let error = newest(&SearchPath::only([])).unwrap_err();
    assert_eq!(error.to_string(), "no PostgreSQL server programs of version 13 or newer were found");
    let fix = error.fix().unwrap();
    for way in [
        "apt-get install postgresql",
        "dnf install postgresql-server",
        "brew install postgresql@18",
        "docker run",
        "DATABASE_URL",
    ] {
        assert!(fix.contains(way), "{way} is not in:\n{fix}");
    }
}

#[test]
fn a_missing_major_version_is_reported_with_those_that_are_there() {
    let dir = tempdir().unwrap();
    let search =
        SearchPath::only([install(&dir.path().join("a"), "15.18"), install(&dir.path().join("b"), "16.14")]);
    let error = with_major(&search, 18).unwrap_err();
    assert_eq!(error.to_string(), "PostgreSQL 18 was not found; this machine has 16.14, 15.18");
}

#[test]
fn client_programs_are_optional_and_may_be_installed_without_a_server() {
    let dir = tempdir().unwrap();
    let server = install(&dir.path().join("server"), "18.4");
    let clients = dir.path().join("clients");
    fs::create_dir(&clients).unwrap();
    fs::write(clients.join("psql"), "").unwrap();
    let search = SearchPath::only([server, clients.clone()]);
    assert_eq!(newest(&search).unwrap().client("psql"), None);
    assert_eq!(find_client(&search, "psql"), Some(clients.join("psql")));
    assert_eq!(find_client(&search, "pg_dump"), None);
}

/// A package whose cargo brings nothing, in a tree of its own.
fn package(tree: &Path) -> Embedded {
    fs::create_dir_all(tree.join("embedded/src")).unwrap();
    for file in ["Cargo.lock", "build.rs"] {
        fs::write(tree.join("embedded").join(file), "").unwrap();
    }
    Embedded::in_base(tree, "/bin/false".into(), &tree.join("base")).unwrap()
}

#[test]
fn the_embedded_programs_are_the_last_resort() {
    let dir = tempdir().unwrap();
    let embedded = package(dir.path());
    let choice = |search: &SearchPath, wanted| choose(search, wanted, Some(&embedded), |_| {});
    let none = SearchPath::only([]);
    let tried = choice(&none, None).unwrap_err();
    assert!(matches!(tried, LocalPostgresError::EmbeddingFailed { .. }), "{tried:?}");
    let some = SearchPath::only([install(&dir.path().join("local"), "16.14")]);
    assert_eq!(choice(&some, None).unwrap().engine(), Engine::Local);
    let too_old = SearchPath::only([install(&dir.path().join("old"), "12.22")]);
    let tried = choice(&too_old, None).unwrap_err();
    assert!(matches!(tried, LocalPostgresError::EmbeddingFailed { .. }), "{tried:?}");
}

#[test]
fn who_asks_for_an_engine_gets_that_or_an_error() {
    let dir = tempdir().unwrap();
    let embedded = package(dir.path());
    let local = SearchPath::only([install(&dir.path().join("local"), "16.14")]);
    let error = choose(&SearchPath::only([]), Some(Engine::Local), Some(&embedded), |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::NoPrograms { .. }), "{error:?}");
    let error = choose(&local, Some(Engine::Embedded), Some(&embedded), |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::EmbeddingFailed { .. }), "{error:?}");
    let error = choose(&local, Some(Engine::Embedded), None, |_| {}).unwrap_err();
    assert!(matches!(error, LocalPostgresError::NoEmbedded), "{error:?}");
    assert!("embeded".parse::<Engine>().unwrap_err().to_string().contains("local or embedded"));
}

#[test]
fn an_installation_with_the_mark_of_the_embedded_programs_is_theirs() {
    let dir = tempdir().unwrap();
    let bin_dir = install(&dir.path().join("bin"), "17.5");
    let found = || newest(&SearchPath::only([bin_dir.clone()])).unwrap().engine();
    assert_eq!(found(), Engine::Local);
    fs::write(dir.path().join("embedded"), "something else\n").unwrap();
    assert_eq!(found(), Engine::Local);
    fs::write(dir.path().join("embedded"), "authority-embedded-postgres\n").unwrap();
    assert_eq!(found(), Engine::Embedded);
}
