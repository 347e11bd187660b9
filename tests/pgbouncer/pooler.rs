use std::fs::{self, Metadata};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use authority_connection::{Config, Environment};
use authority_local_postgres::{OWNER_ROLE, SUPERUSER};
use tempfile::TempDir;

use crate::support::{Database, Outcome, authority_db, column, server};

/// How long PgBouncer may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where distributions put PgBouncer, beside `PATH`.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/bin"];

/// Runs PgBouncer until the standard input ends: when the test's process is gone, however that happened. Newer
/// versions wait for their clients when asked to end, so after a moment it is killed; what it leaves behind then is
/// removed, and so is its directory. A Ctrl-C for the tests is not for it.
const KEEPER: &str = "trap '' HUP INT QUIT
\"$0\" pgbouncer.ini & pooler=$!
read -r _
kill $pooler
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $pooler 2>/dev/null || break; sleep 0.1; done
kill -9 $pooler 2>/dev/null
wait
rm -rf \"/tmp/.s.PGSQL.$1\" \"$2\"";

/// A PgBouncer of a test's own in front of its database, with the configuration that `authority-db pgbouncer`
/// prints. It ends with this value, and also when the test's process dies.
pub(crate) struct Pooler {
    url: String,
    port: u16,
    child: Child,
    directory: TempDir,
}

impl Pooler {
    /// As operators get it.
    pub(crate) async fn of(database: &Database) -> Self {
        Self::with(database, &[], &[]).await
    }

    /// With further arguments for `authority-db pgbouncer`, and then with lines of the configuration replaced.
    pub(crate) async fn with(database: &Database, arguments: &[&str], lines: &[(&str, &str)]) -> Self {
        let direct = direct_url(database);
        let mut pooler = Self::printed_for(&direct, &users(database).await, arguments, lines);
        pooler.url = through(&direct, pooler.port);
        pooler
    }

    /// With the configuration that `authority-db pgbouncer` prints for an address, lines of it replaced, and with the
    /// users of `auth_file`.
    pub(super) fn printed_for(direct: &str, users: &str, arguments: &[&str], lines: &[(&str, &str)]) -> Self {
        // Between choosing a port and listening on it, somebody else may take it; hardly three times.
        for _ in 0..3 {
            if let Some(pooler) = Self::start(direct, users, arguments, lines) {
                return pooler;
            }
        }
        panic!("PgBouncer found no free port");
    }

    /// The address of the database behind it, for its owner, with the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it wrote into its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn start(direct: &str, users: &str, arguments: &[&str], lines: &[(&str, &str)]) -> Option<Self> {
        let owner = server().data_dir().metadata().expect("the server's data");
        let directory = directory(&owner);
        let port = free_port();
        let userlist = directory.path().join("userlist.txt");
        write_for(&owner, &userlist, users);

        let (listen_port, auth_file) = (port.to_string(), userlist.display().to_string());
        let told = ["pgbouncer", "--listen-port", &listen_port, "--auth-file", &auth_file];
        let printed: Outcome =
            authority_db(direct, &[&told, arguments].concat()).output().expect("authority-db runs").into();
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let mut ini = printed.stdout;
        for (from, to) in lines {
            assert!(ini.contains(from), "{from} is in {ini}");
            ini = ini.replace(from, to);
        }
        Self::launch(&owner, directory, &ini, port)
    }

    /// With any configuration that listens on `port` and reads `userlist.txt` beside it, as the user that the
    /// server's data belongs to. Nothing when the port is taken.
    pub(crate) fn in_front_of(owner: &Metadata, ini: &str, users: &str, port: u16) -> Option<Self> {
        let directory = directory(owner);
        write_for(owner, &directory.path().join("userlist.txt"), users);
        Self::launch(owner, directory, ini, port)
    }

    fn launch(owner: &Metadata, directory: TempDir, ini: &str, port: u16) -> Option<Self> {
        let config = directory.path().join("pgbouncer.ini");
        write_for(owner, &config, ini);
        let log = fs::File::create(directory.path().join("log")).expect("its log");
        let mut command = Command::new("/bin/sh");
        let program = program();
        let program =
            program.expect("PgBouncer is not installed on this machine; fix: apt-get install pgbouncer");
        command.args(["-c", KEEPER]).arg(program).arg(port.to_string()).arg(directory.path());
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(directory.path());
        command.stdin(Stdio::piped()).stdout(log.try_clone().expect("its log")).stderr(log);
        if program_is_run_by_root() {
            // PgBouncer refuses to run as root.
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command.spawn().expect("sh runs");
        let mut pooler = Self { url: String::new(), port, child, directory };
        pooler.listens().then_some(pooler)
    }

    /// Whether it listens in the end; not when its port was taken.
    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = self.log();
            if log.contains("Address already in use") {
                return false;
            }
            assert!(!log.contains("FATAL") && Instant::now() < deadline, "PgBouncer does not listen: {log}");
            sleep(Duration::from_millis(10));
        }
        self.log().contains("process up")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The address of a database for its owner through TCP, as operators have it.
pub(crate) fn direct_url(database: &Database) -> String {
    server().endpoint().tcp_url_for(database.name()).reveal().to_owned()
}

/// The same address at another port.
fn through(url: &str, port: u16) -> String {
    let direct = format!("@127.0.0.1:{}/", server().endpoint().port());
    assert!(url.contains(&direct));
    url.replace(&direct, &format!("@127.0.0.1:{port}/"))
}

/// The file with the owner's verifier, read as the printed configuration says.
async fn users(database: &Database) -> String {
    let superuser = database.pool_as(SUPERUSER).await;
    let sql = format!(
        "SELECT format('\"%s\" \"%s\"', rolname, rolpassword) FROM pg_authid WHERE rolname = '{OWNER_ROLE}'"
    );
    column(&superuser, &sql).await.join("\n") + "\n"
}

/// A directory that the owner's programs can enter.
fn directory(owner: &Metadata) -> TempDir {
    let directory = tempfile::Builder::new().prefix("authority-pgbouncer-").tempdir_in("/tmp");
    let directory = directory.expect("a directory");
    chown(directory.path(), Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
    directory
}

/// A file that the owner alone can read.
fn write_for(owner: &Metadata, path: &Path, text: &str) {
    fs::write(path, text).expect("a file can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode can be set");
    chown(path, Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
}

/// Only root can read what belongs to another user of the server's programs.
fn program_is_run_by_root() -> bool {
    tempfile::tempfile().and_then(|file| file.metadata()).expect("a file").uid() == 0
}

/// A port of 127.0.0.1 that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// PgBouncer, where this machine has it.
pub(crate) fn program() -> Option<PathBuf> {
    let environment = Environment::from_process().expect("the environment can be read");
    let path = environment.path().map(std::env::split_paths);
    let folders = path.into_iter().flatten().chain(FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}

/// Connects to an address as the commands do, with room for a migration.
pub(crate) async fn connect(url: &str) -> sqlx::PgPool {
    let config = Config::parse(url, &Environment::from_pairs([("HOME", "/")])).expect("an address");
    let database = config.open_with(3).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    database.connection.get_postgres_connection_pool().clone()
}
