//! The embedded PostgreSQL: brought by cargo, whole, and gone with its last user.
//!
//! Tests that have cargo bring it are ignored unless they are asked for: they need crates.io, at least once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime};

use authority_local_postgres::{Config, Embedded, Engine, LocalPostgresError, Server, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Place, eventually, knock, ps, query, server_pid, socket, tree};

/// The shortest time without a user after which a server can end.
const SHORT: Duration = Duration::from_secs(1);
/// Long enough for a server to have ended that should not.
const LONG: Duration = Duration::from_secs(4);

fn short(place: &Place) -> Config {
    place.config.clone().with_idle_time(SHORT)
}

fn start(config: &Config) -> Server {
    Server::ensure_started(config, |_| {}).unwrap_or_else(|error| panic!("{error} ({error:?})"))
}

fn is_running(config: &Config) -> bool {
    matches!(Server::status(config).expect("a state directory"), Status::Running(_))
}

fn data_dir(config: &Config) -> PathBuf {
    config.state_dir().join("cluster/data")
}

fn send_kill(pid: &str) {
    kill(Pid::from_raw(pid.parse().expect("a number")), Signal::SIGKILL).expect("a process");
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn many_sessions_at_once_work_on_the_embedded_server() {
    let place = Place::embedded();
    assert_eq!(place.config.programs().engine(), Engine::Embedded);
    let server = start(&place.config);
    let mut open = [socket(server.endpoint()), socket(server.endpoint())];
    for stream in &mut open {
        knock(stream, "authority", "authority_db").unwrap();
    }
    query(server.endpoint(), "authority", "authority_db", "CREATE DATABASE another").unwrap();
    query(server.endpoint(), "authority", "another", "CREATE TABLE t (id int) PARTITION BY RANGE (id)")
        .unwrap();
    let version = query(server.endpoint(), "authority", "another", "SHOW server_version").unwrap();
    assert_eq!(version, [place.config.programs().version().as_str()]);
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn it_is_brought_once_however_many_ask_at_once() {
    let place = Place::embedded();
    let again = Embedded::in_base(&tree(), env!("CARGO").into(), &place.base).expect("the package");
    let found = again.programs(|step| panic!("nothing is left to do: {step}")).unwrap();
    assert_eq!(&found, place.config.programs());
    let installation = found.bin_dir().parent().expect("a directory").to_owned();
    fs::remove_dir_all(&installation).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(again.programs(|_| {}).unwrap(), found));
        }
    });
    let left: Vec<_> = installation.parent().unwrap().read_dir().unwrap().collect();
    assert_eq!(left.len(), 1, "nothing half unpacked stays: {left:?}");
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn programs_that_are_used_are_marked_so_that_they_are_not_removed() {
    let place = Place::embedded();
    let installation = place.config.programs().bin_dir().parent().expect("a directory").to_owned();
    let mark = File::open(installation.join("embedded")).unwrap();
    mark.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let again = Embedded::in_base(&tree(), env!("CARGO").into(), &place.base).expect("the package");
    again.programs(|_| {}).unwrap();
    let age = mark.metadata().unwrap().modified().unwrap().elapsed().unwrap_or_default();
    assert!(age < Duration::from_hours(1), "{age:?}");
    mark.try_lock().expect("no server runs");
    mark.unlock().unwrap();
    start(&place.config);
    assert!(mark.try_lock().is_err(), "a server runs");
    assert!(Server::stop(&place.config, |_| {}).unwrap());
    eventually("its lock ends with it", || mark.try_lock().is_ok());
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn it_ends_with_its_last_user_and_not_before() {
    let place = Place::embedded();
    let config = short(&place);
    let server = start(&config);
    let mut session = socket(server.endpoint());
    knock(&mut session, "authority", "authority_db").unwrap();
    sleep(LONG);
    assert!(is_running(&config), "somebody is connected");
    drop(session);
    eventually("it ends", || !is_running(&config));
    assert_eq!(start(&config).url(), server.url());
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn two_sessions_that_wait_for_each_other_do_not_wait_for_ever() {
    let place = Place::embedded();
    let server = start(&short(&place));
    let ask = |sql: String| query(server.endpoint(), "authority", "authority_db", &sql);
    ask("CREATE TABLE a (); CREATE TABLE b ()".to_owned()).unwrap();
    let outcomes = thread::scope(|scope| {
        let both = [("a", "b"), ("b", "a")].map(|(first, second)| {
            let sql = format!("BEGIN; LOCK {first}; SELECT pg_sleep(1); LOCK {second}; COMMIT");
            scope.spawn(move || ask(sql))
        });
        both.map(|session| session.join().expect("no panic"))
    });
    assert!(outcomes.iter().any(Result::is_err), "{outcomes:?}");
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn it_stays_until_it_is_stopped_when_somebody_wants_it_to_stay() {
    let place = Place::embedded();
    let config = short(&place);
    start(&config).let_stay().unwrap();
    sleep(LONG);
    assert!(is_running(&config), "it was let stay");
    assert!(Server::stop(&config, |_| {}).unwrap());
    start(&config);
    eventually("it ends, for that was before", || !is_running(&config));
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn processes_that_were_killed_leave_nothing_in_the_way() {
    let place = Place::embedded();
    let config = short(&place);
    let first = start(&config);
    query(first.endpoint(), "authority", "authority_db", "CREATE TABLE kept (id int)").unwrap();
    for pid in watchers(&config) {
        send_kill(&pid);
    }
    send_kill(&server_pid(&data_dir(&config)));
    let again = start(&config);
    assert_eq!(again.url(), first.url());
    query(again.endpoint(), "authority", "authority_db", "TABLE kept").unwrap();
    eventually("it is watched over again", || !is_running(&config));
}

/// The processes that watch over a server.
fn watchers(config: &Config) -> Vec<String> {
    let data_dir = data_dir(config).display().to_string();
    let processes = ps(&["-e", "-o", "pid,args"]);
    let watching = processes.lines().filter(|line| line.contains(" watch ") && line.contains(&data_dir));
    let pids: Vec<_> =
        watching.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    assert_eq!(pids.len(), 1, "{processes}");
    pids
}

#[test]
#[ignore = "has cargo bring PostgreSQL"]
fn data_of_another_version_are_recognised_and_can_be_put_aside() {
    let place = Place::embedded();
    start(&place.config);
    assert!(Server::stop(&place.config, |_| {}).unwrap());
    fs::write(data_dir(&place.config).join("PG_VERSION"), "16\n").unwrap();
    let error = Server::ensure_started(&place.config, |_| {}).unwrap_err();
    let sentence = error.to_string();
    assert!(matches!(error, LocalPostgresError::OtherVersion { .. }), "{error:?}");
    assert!(sentence.contains("are of PostgreSQL 16, and these programs are 17."), "{sentence}");
    let state_dir = place.config.state_dir();
    let fix = format!("mv '{0}' '{0}-of-16'", state_dir.display());
    assert!(error.fix().is_some_and(|text| text.starts_with(&fix)), "{:?}", error.fix());
    fs::rename(&state_dir, state_dir.with_file_name("embedded-of-16")).unwrap();
    start(&place.config);
}

#[test]
fn what_cargo_cannot_bring_is_said_with_what_helps() {
    let place = Place::new();
    let base = place.base.join("elsewhere");
    let without = |cargo: &str| {
        Embedded::in_base(&tree(), cargo.into(), &base).expect("the package").programs(|_| {}).unwrap_err()
    };
    let error = without("/bin/false");
    assert!(matches!(error, LocalPostgresError::EmbeddingFailed { .. }), "{error:?}");
    assert!(error.fix().is_some_and(|fix| fix.contains("apt-get install postgresql")), "{:?}", error.fix());
    let error = without("/nowhere/cargo");
    assert!(error.to_string().contains("cannot run /nowhere/cargo"), "{error}");
}

#[test]
fn a_tree_without_the_package_has_no_embedded_postgresql() {
    assert!(Embedded::in_base(Path::new("/nowhere"), "cargo".into(), Path::new("/tmp")).is_none());
}
