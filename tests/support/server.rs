use std::path::PathBuf;
use std::sync::OnceLock;

use authority_connection::Environment;
use authority_local_postgres::{Ephemeral, EphemeralOptions, SearchPath, programs};

/// The server of this test run: one per process, made on first use, gone with the process.
///
/// `AUTHORITY_PG_BIN` says with which programs; otherwise the newest on this machine.
pub(crate) fn server() -> &'static Ephemeral {
    static SERVER: OnceLock<Ephemeral> = OnceLock::new();
    SERVER.get_or_init(|| {
        let programs = programs::newest(&search_path()).unwrap_or_else(|error| panic!("{error}"));
        Ephemeral::start(&programs, &EphemeralOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// The `psql` of the programs of the test run, or else the one of the machine, where it has one.
pub(crate) fn psql() -> Option<PathBuf> {
    let anywhere = SearchPath::new(environment().path());
    [search_path(), anywhere].iter().find_map(|search| programs::find_client(search, "psql"))
}

/// The `pgbench` that the benchmarks would find, where there is one.
pub(crate) fn pgbench() -> Option<PathBuf> {
    programs::find_client(&search_path(), "pgbench").or_else(|| {
        let postgres = programs::newest(&search_path()).ok()?.postgres().canonicalize().ok()?;
        Some(postgres.with_file_name("pgbench")).filter(|program| program.is_file())
    })
}

fn search_path() -> SearchPath {
    let environment = environment();
    match environment.get_os("AUTHORITY_PG_BIN") {
        Some(directory) => SearchPath::only([PathBuf::from(directory)]),
        None => SearchPath::new(environment.path()),
    }
}

fn environment() -> Environment {
    Environment::from_process().expect("the environment can be read")
}
