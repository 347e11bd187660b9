//! Behind PgBouncer in transaction mode.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use authority_connection::Environment;
use authority_local_postgres::OWNER_ROLE;

use super::examine;
use crate::support::{Database, eventually, server};

/// A PgBouncer in front of the tests' server. It ends with this value, and when the test's process does.
struct Pooler {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Pooler {
    async fn start() -> Self {
        let owner = fs::metadata(server().data_dir()).expect("the server's data");
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))
            .expect("its mode can be set");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let endpoint = server().endpoint();
        let ini = format!(
            "[databases]\n* = host={} port={} user={OWNER_ROLE}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n",
            endpoint.socket_dir().display(),
            endpoint.port()
        );
        let file = directory.path().join("pgbouncer.ini");
        fs::write(&file, ini).expect("the file can be written");
        chown(&file, Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
        let mut command = Command::new("/bin/sh");
        // It ends when its standard input does: when the test's process is gone, however that happened.
        command.args(["-c", "\"$0\" \"$1\" & read -r _; kill $!; wait $!"]).arg(program()).arg(&file);
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        if owner.uid() != fs::metadata(directory.path()).expect("the directory").uid() {
            // PgBouncer refuses to run as root.
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command.spawn().expect("sh runs");
        eventually("PgBouncer listens", async || TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        Self { child, port, _directory: directory }
    }

    fn url(&self, database: &Database) -> String {
        format!("postgres://{OWNER_ROLE}@127.0.0.1:{}/{}", self.port, database.name())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let environment = Environment::from_process().expect("the environment can be read");
    let path = environment.path().map(std::env::split_paths).into_iter().flatten();
    let folders = path.chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/bin")]);
    let found = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
    found.expect("PgBouncer is not installed on this machine; fix: apt-get install pgbouncer")
}

#[tokio::test]
async fn a_pooler_is_named_and_everything_else_is_examined_through_it() {
    let database = Database::migrated().await;
    let direct = examine(&database.url(), &[]);
    direct.is_well("pooler");
    let pooler = Pooler::start().await;
    let through = examine(&pooler.url(&database), &[]);
    let subject = format!("127.0.0.1:{}", pooler.port);
    let findings = through.of("pooler");
    let [finding] = &*findings else { panic!("{findings:?}") };
    // Whether it carries prepared statements depends on its version.
    if finding.severity() == "warning" {
        let finding = through.finds("pooler", "warning", &subject);
        assert!(finding.fix().contains("prepared_statements=false"), "{finding:?}");
    } else {
        through.finds("pooler", "info", &subject);
    }
    for check in
        ["schema-drift", "serving-role-privileges", "migrations-edited", "default-admin-password", "tls"]
    {
        through.is_well(check);
    }
    assert!(through.skips("connection-limit").contains("pooler"));
    let told = examine(&format!("{}?prepared_statements=false", pooler.url(&database)), &[]);
    told.is_well("pooler");
    told.is_well("schema-drift");
}

#[tokio::test]
async fn a_pooler_that_refuses_a_parameter_is_an_error() {
    let database = Database::migrated().await;
    let pooler = Pooler::start().await;
    let url = format!("{}?statement_timeout=1000", pooler.url(&database));
    let finding = examine(&url, &[]).finds("pooler", "error", "");
    assert!(finding.fix().contains("statement_timeout"), "{finding:?}");
}
