//! The kept server of a workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use authority_local_postgres::{Config, Progress, Server, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Place, eventually, owner_process, process_list, programs, ps, query, server_pid};

fn data_dir(server: &Server) -> PathBuf {
    server.state_dir().join("cluster/data")
}

fn kill_server(server: &Server) {
    let pid = server_pid(&data_dir(server)).parse().expect("a number");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("a running server");
}

#[test]
fn starting_twice_gives_the_same_server() {
    let place = Place::new();
    let mut steps = Vec::new();
    let first = Server::ensure_started(&place.config, |step| steps.push(step)).unwrap();
    assert!(
        matches!(steps[..], [Progress::Creating { .. }, Progress::Starting { .. }]),
        "what takes time is told: {steps:?}"
    );
    let pid = server_pid(&data_dir(&first));
    let second = Server::ensure_started(&place.config, |step| {
        // Another test's child may hold the lock for the moment between its fork and its program.
        assert!(matches!(step, Progress::Waiting { .. }), "{step}");
    })
    .unwrap();
    assert_eq!(first.url(), second.url());
    assert_eq!(first.endpoint().tcp_url().reveal(), second.endpoint().tcp_url().reveal());
    assert_eq!(pid, server_pid(&data_dir(&second)));
}

#[test]
fn the_server_has_the_roles_and_the_database_of_the_application() {
    let place = Place::new();
    let server = place.start();
    let roles = "SELECT rolname || ':' || rolcanlogin || rolcreatedb || rolcreaterole || rolsuper \
                 FROM pg_roles WHERE rolname LIKE 'authority%' ORDER BY 1";
    let rows = query(server.endpoint(), "postgres", "postgres", roles).unwrap();
    assert_eq!(rows, ["authority:truetruefalsefalse", "authority_app:truefalsefalsefalse"]);
    let database = "SELECT concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, \
                    current_setting('TimeZone')) FROM pg_database WHERE datname = current_database()";
    let rows = query(server.endpoint(), "authority_app", "authority_db", database).unwrap();
    assert_eq!(rows, ["authority UTF8 C UTC"]);
    query(server.endpoint(), "authority", "authority_db", "CREATE TABLE t (id int)").unwrap();
    query(server.endpoint(), "authority", "authority_db", "CREATE DATABASE another").unwrap();
    query(server.endpoint(), "authority", "another", "CREATE TABLE t (id int)").unwrap();
}

#[test]
fn eight_threads_that_start_at_once_get_one_server() {
    let place = Place::new();
    let urls = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let url = place.start().url();
                urls.lock().unwrap().push(url);
            });
        }
    });
    let mut urls = urls.into_inner().unwrap();
    urls.dedup();
    assert_eq!(urls.len(), 1, "{urls:?}");
}

#[test]
fn eight_processes_that_start_at_once_get_one_server() {
    let place = Place::new();
    let processes: Vec<_> = (0..8)
        .map(|_| owner_process("kept::one_of_many_processes", ("KEPT_BASE", &place.base)).spawn().unwrap())
        .collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let server = place.start();
    assert_eq!(servers_of(&data_dir(&server)), 1);
}

/// How many servers run on a data directory. A server's child has the same command line until it has taken a name of its
/// own, so only those count that no other one of them has started.
fn servers_of(data_dir: &Path) -> usize {
    let list = ps(&["-e", "-o", "pid=,ppid=,args="]);
    let command_line = format!("-D {}", data_dir.display());
    let like_a_server: Vec<_> = list
        .lines()
        .filter(|line| line.trim_end().ends_with(&command_line))
        .map(|line| line.split_whitespace().map(str::to_owned))
        .filter_map(|mut words| Some((words.next()?, words.next()?)))
        .collect();
    let has_started = |parent: &String| like_a_server.iter().any(|(pid, _)| pid == parent);
    like_a_server.iter().filter(|(_, parent)| !has_started(parent)).count()
}

#[test]
#[ignore = "runs in the processes of the test above"]
fn one_of_many_processes() {
    let base = PathBuf::from(std::env::var_os("KEPT_BASE").unwrap());
    let config = Config::in_base(programs(), base.parent().unwrap(), &base).unwrap();
    let server = Server::ensure_started(&config, |_| {}).unwrap();
    query(server.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
}

#[test]
fn a_stopped_server_leaves_its_data_and_nothing_else() {
    let place = Place::new();
    assert!(matches!(Server::status(&place.config).unwrap(), Status::NotCreated));
    assert!(!Server::stop(&place.config, |_| {}).unwrap());

    let server = place.start();
    assert!(
        matches!(Server::status(&place.config).unwrap(), Status::Running(found) if found.url() == server.url())
    );
    query(server.endpoint(), "authority", "authority_db", "CREATE TABLE kept (id int)").unwrap();

    assert!(Server::stop(&place.config, |_| {}).unwrap());
    assert!(matches!(Server::status(&place.config).unwrap(), Status::Stopped));
    assert!(!Server::stop(&place.config, |_| {}).unwrap());
    assert_eq!(fs::read_dir(server.endpoint().socket_dir()).unwrap().count(), 0);
    assert!(!process_list().contains(server.state_dir().to_str().unwrap()));

    let again = place.start();
    assert_eq!(again.url(), server.url());
    query(again.endpoint(), "authority", "authority_db", "SELECT id FROM kept").unwrap();
}

#[test]
fn a_server_that_was_killed_is_started_again() {
    let place = Place::new();
    let server = place.start();
    query(server.endpoint(), "authority", "authority_db", "CREATE TABLE kept (id int)").unwrap();
    kill_server(&server);
    let again = place.start();
    assert_eq!(again.url(), server.url());
    query(again.endpoint(), "authority", "authority_db", "SELECT id FROM kept").unwrap();
}

#[test]
fn lock_files_that_name_another_process_do_not_keep_the_server_from_starting() {
    let (place, other) = (Place::new(), Place::new());
    let server = place.start();
    let socket_dir = server.endpoint().socket_dir();
    let socket_lock = socket_dir.join(format!(".s.PGSQL.{}.lock", server.endpoint().port()));
    let files = [data_dir(&server).join("postmaster.pid"), socket_lock];
    let contents = files.each_ref().map(|file| fs::read_to_string(file).unwrap());
    let pid = server_pid(&data_dir(&server));
    Server::stop(&place.config, |_| {}).unwrap();
    // As after a reboot, the number belongs to another process of the server's user.
    let other_pid = server_pid(&data_dir(&other.start()));
    for (file, contents) in files.iter().zip(contents) {
        fs::write(file, contents.replacen(&pid, &other_pid, 1)).unwrap();
    }
    assert!(matches!(Server::status(&place.config).unwrap(), Status::Stopped));
    let again = place.start();
    assert_eq!(again.url(), server.url());
    query(again.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
}

#[test]
fn a_port_that_somebody_has_taken_is_replaced() {
    let place = Place::new();
    let port = place.start().endpoint().port();
    Server::stop(&place.config, |_| {}).unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let server = place.start();
    assert_ne!(server.endpoint().port(), port);
    query(server.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
}

#[test]
fn what_a_killed_attempt_left_is_removed_and_never_used() {
    let place = Place::new();
    let mut process =
        owner_process("kept::one_of_many_processes", ("KEPT_BASE", &place.base)).spawn().unwrap();
    let state_dir = place.config.state_dir();
    let unfinished = || -> Vec<PathBuf> {
        let entries = fs::read_dir(&state_dir).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("new-")).collect()
    };
    eventually("the cluster is being made", || !unfinished().is_empty());
    process.kill().unwrap();
    process.wait().unwrap();
    let left = unfinished();
    assert_eq!(left.len(), 1);
    assert!(matches!(Server::status(&place.config).unwrap(), Status::NotCreated));
    eventually("the orphaned initdb ends", || !process_list().contains(left[0].to_str().unwrap()));
    let server = place.start();
    query(server.endpoint(), "authority", "authority_db", "SELECT 1").unwrap();
    assert!(unfinished().is_empty());
}

#[test]
fn a_failed_start_quotes_the_log() {
    let place = Place::new();
    let server = place.start();
    Server::stop(&place.config, |_| {}).unwrap();
    let conf = data_dir(&server).join("postgresql.conf");
    let good = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, good + "no_such_setting = 1\n").unwrap();
    let error = Server::ensure_started(&place.config, |_| {}).unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    assert!(error.to_string().contains(server.log_path().to_str().unwrap()), "{error}");
}

#[test]
fn the_servers_of_a_workspace_are_listed_and_can_be_stopped() {
    let place = Place::new();
    assert!(place.config.existing().is_empty());
    let server = place.start();
    let existing = place.config.existing();
    assert_eq!(existing.len(), 1);
    assert_eq!(existing[0].state_dir(), server.state_dir());
    assert!(Server::stop(&existing[0], |_| {}).unwrap());
}
