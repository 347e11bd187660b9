//! What the tests share: programs, places, processes, and as much of the wire protocol as they need.

use std::env;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use authority_local_postgres::{
    Config, Embedded, Endpoint, Programs, SearchPath, Server, UserDirs, programs,
};
use tempfile::TempDir;

pub(crate) fn programs() -> Programs {
    let search = match env::var_os("AUTHORITY_PG_BIN") {
        Some(dir) => SearchPath::only([PathBuf::from(dir)]),
        None => SearchPath::new(env::var_os("PATH").as_deref()),
    };
    let dirs = UserDirs {
        home: env::var_os("HOME").map(PathBuf::from),
        state_home: env::var_os("XDG_STATE_HOME").map(PathBuf::from),
        runtime_dir: None,
    };
    let embedded = Embedded::of_source_tree(&tree(), env!("CARGO").into(), &dirs).expect("a place for it");
    programs::choose(&search, None, embedded.as_ref(), |step| eprintln!("{step}"))
        .expect("the tests need PostgreSQL programs")
}

/// The source tree that these tests are in.
pub(crate) fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the source tree")
}

/// A base directory, where the server's user can enter it too, with a server that is stopped in the end.
pub(crate) struct Place {
    pub(crate) config: Config,
    pub(crate) base: PathBuf,
    _dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::below("")
    }

    /// With the embedded PostgreSQL of this source tree, brought into the base.
    pub(crate) fn embedded() -> Self {
        Self::of("", |base| {
            let embedded = Embedded::in_base(&tree(), env!("CARGO").into(), base).expect("the package");
            embedded.programs(|_| {}).unwrap_or_else(|error| panic!("{error}"))
        })
    }

    /// With `below` between the temporary directory and the base.
    pub(crate) fn below(below: &str) -> Self {
        Self::of(below, |_| programs())
    }

    fn of(below: &str, programs: impl FnOnce(&Path) -> Programs) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let parent = dir.path().join(below);
        fs::create_dir_all(&parent).expect("a directory");
        for part in parent.ancestors().take_while(|part| part.starts_with(dir.path())) {
            fs::set_permissions(part, Permissions::from_mode(0o755)).expect("permissions");
        }
        let base = parent.join("authority");
        let config = Config::in_base(programs(&base), dir.path(), &base).expect("a configuration");
        Self { config, base, _dir: dir }
    }

    pub(crate) fn start(&self) -> Server {
        Server::ensure_started(&self.config, |_| {}).unwrap_or_else(|error| panic!("{error} ({error:?})"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test that fails has more to say than this.
        let _ = Server::stop(&self.config, |_| {});
    }
}

/// The process id of the server of a data directory.
pub(crate) fn server_pid(data_dir: &Path) -> String {
    let file = fs::read_to_string(data_dir.join("postmaster.pid")).expect("a running server");
    file.lines().next().expect("a process id").to_owned()
}

/// Runs one test of this binary in a process of its own, with a variable that says on what.
pub(crate) fn owner_process(test: &str, variable: (&str, &Path)) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", test, "--ignored", "--nocapture"]).env(variable.0, variable.1);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 30 seconds: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The command lines of all processes.
pub(crate) fn process_list() -> String {
    ps(&["-e", "-o", "args"])
}

/// What `ps` prints.
pub(crate) fn ps(arguments: &[&str]) -> String {
    let output = Command::new("ps").args(arguments).output().expect("ps");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the server answers to somebody who wants to connect: `Ok` when it lets them in without asking, else
/// what it asks for or why it refuses.
pub(crate) fn knock<S: Read + Write>(stream: &mut S, role: &str, database: &str) -> Result<(), String> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", role, "database", database, ""] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
    stream.write_all(&[&length[..], &body].concat()).expect("a server that reads");
    match message(stream) {
        (b'R', body) if body[..4] == [0, 0, 0, 0] => Ok(()),
        (_, body) => Err(String::from_utf8_lossy(&body).replace('\0', " ")),
    }
}

pub(crate) fn tcp(endpoint: &Endpoint) -> TcpStream {
    TcpStream::connect(("127.0.0.1", endpoint.port())).expect("a server that listens on TCP")
}

pub(crate) fn socket(endpoint: &Endpoint) -> UnixStream {
    let path = endpoint.socket_dir().join(format!(".s.PGSQL.{}", endpoint.port()));
    UnixStream::connect(path).expect("a server that listens on its socket")
}

/// The first column of every row that a query gives through the socket, or the server's error.
pub(crate) fn query(
    endpoint: &Endpoint,
    role: &str,
    database: &str,
    sql: &str,
) -> Result<Vec<String>, String> {
    let mut stream = socket(endpoint);
    knock(&mut stream, role, database)?;
    let length = u32::try_from(sql.len() + 5).expect("a short query").to_be_bytes();
    let mut rows = Vec::new();
    let mut asked = false;
    loop {
        match message(&mut stream) {
            (b'Z', _) if asked => return Ok(rows),
            (b'Z', _) => {
                stream
                    .write_all(&[b"Q", &length[..], sql.as_bytes(), b"\0"].concat())
                    .expect("a server that reads");
                asked = true;
            }
            (b'D', body) => rows.push(String::from_utf8_lossy(&body[6..]).into_owned()),
            (b'E', body) => return Err(String::from_utf8_lossy(&body).replace('\0', " ")),
            _ => {}
        }
    }
}

fn message(stream: &mut impl Read) -> (u8, Vec<u8>) {
    let mut head = [0; 5];
    stream.read_exact(&mut head).expect("an answer");
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).expect("a whole answer");
    (head[0], body)
}
