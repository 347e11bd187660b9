use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use authority_connection::Environment;
use authority_local_postgres::{Embedded, Programs, SearchPath, UserDirs, programs};

/// The programs of this test run: those in `AUTHORITY_PG_BIN`, or else the newest on this machine, or else embedded ones.
pub(crate) fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let environment = environment();
        let dirs = UserDirs {
            home: environment.home(),
            state_home: environment.xdg_state_home(),
            runtime_dir: None,
        };
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a workspace");
        let wanted = environment.get("AUTHORITY_PG").map(|engine| engine.parse().expect("an engine"));
        let names_a_folder = wanted.is_none() && environment.get_os("AUTHORITY_PG_BIN").is_some();
        let embedded = if names_a_folder {
            None
        } else {
            Embedded::of_source_tree(tree, env!("CARGO").into(), &dirs)
                .unwrap_or_else(|error| panic!("{error}"))
        };
        programs::choose(&search_path(), wanted, embedded.as_ref(), |progress| eprintln!("{progress}"))
            .unwrap_or_else(|error| panic!("{error}"))
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
