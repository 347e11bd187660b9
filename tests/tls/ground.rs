//! The servers that the cases are about, and the files that clients hold.

use std::path::PathBuf;
use std::sync::OnceLock;

use authority_local_postgres::{DataFile, Ephemeral, EphemeralOptions};
use tempfile::TempDir;

use super::authority::{Authority, Certified, self_signed, write};
use crate::servers::{as_superuser, start_with};

/// Comes in encrypted or not at all.
pub(super) const ENCRYPTED_ONLY: &str = "encrypted_only";
/// Comes in unencrypted or not at all.
pub(super) const PLAIN_ONLY: &str = "plain_only";
/// Comes in with a certificate that names it, or not at all.
pub(super) const CERTIFIED: &str = "certified";
/// Comes in either way.
pub(super) const ANYHOW: &str = "anyhow";

const ACCESS: &str = "\
local     all  all             trust
hostssl   all  encrypted_only  127.0.0.1/32  trust
hostnossl all  plain_only      127.0.0.1/32  trust
hostssl   all  certified       127.0.0.1/32  trust clientcert=verify-full
host      all  anyhow          127.0.0.1/32  trust
host      all  authority       127.0.0.1/32  scram-sha-256
";

/// What a file with a key that needs a passphrase begins with.
const ENCRYPTED_KEY: &str =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0\n-----END ENCRYPTED PRIVATE KEY-----\n";

/// What all cases stand on; made once.
pub(super) struct Ground {
    /// Its certificate is signed by the right authority, for `localhost` and for nothing else.
    pub(super) good: Ephemeral,
    /// Its certificate was valid until 2020.
    pub(super) expired: Ephemeral,
    /// Its certificate is signed by itself, and says that it is an authority's.
    pub(super) called_authority: Ephemeral,
    /// Its certificate is signed by itself.
    pub(super) self_signed: Ephemeral,
    /// It has no TLS.
    pub(super) plain: Ephemeral,
    directory: TempDir,
}

impl Ground {
    pub(super) fn get() -> &'static Self {
        static GROUND: OnceLock<Ground> = OnceLock::new();
        GROUND.get_or_init(|| {
            // The roles are made by statements, and a test's own runtime must not be blocked.
            let made = std::thread::spawn(Self::make);
            made.join().expect("the servers start")
        })
    }

    /// A file that clients hold.
    pub(super) fn file(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        assert!(path.is_file(), "no file {name}");
        path.display().to_string()
    }

    fn make() -> Self {
        let (right, wrong) = (Authority::new("The right authority"), Authority::new("Another authority"));
        let directory = tempfile::tempdir().expect("a directory");
        let keep = |name: &str, contents: &str| -> PathBuf { write(directory.path(), name, contents) };
        keep("right.crt", right.pem());
        keep("wrong.crt", wrong.pem());
        keep("both.crt", &format!("{}{}", wrong.pem(), right.pem()));
        keep("empty.crt", "");
        keep("broken.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        keep("encrypted.key", ENCRYPTED_KEY);
        for (name, signer, role) in [
            ("certified", &right, CERTIFIED),
            ("someone_else", &right, "someone_else"),
            ("forged", &wrong, CERTIFIED),
        ] {
            let client = signer.client(role);
            keep(&format!("{name}.crt"), &client.certificate);
            keep(&format!("{name}.key"), &client.key);
        }
        let own = [true, false].map(|is_authority| self_signed("localhost", is_authority));
        keep("called_authority.crt", &own[0].certificate);
        keep("self_signed.crt", &own[1].certificate);
        let certificates = [
            Some(right.server(&["localhost"])),
            Some(right.expired_server(&["localhost"])),
            Some(own[0].clone()),
            Some(own[1].clone()),
            None,
        ];
        let servers = std::thread::scope(|scope| {
            let starting = certificates.map(|it| scope.spawn(|| start(it, right.pem())));
            starting.map(|server| server.join().expect("a server starts"))
        });
        let [good, expired, called_authority, self_signed, plain] = servers;
        Self { good, expired, called_authority, self_signed, plain, directory }
    }
}

fn start(certified: Option<Certified>, authority: &str) -> Ephemeral {
    let file = |name: &str, contents: &str| DataFile { name: name.into(), contents: contents.into() };
    let mut options = EphemeralOptions { files: vec![file("pg_hba.conf", ACCESS)], ..Default::default() };
    if let Some(certified) = certified {
        options.files.push(file("server.crt", &certified.certificate));
        options.files.push(file("server.key", &certified.key));
        options.files.push(file("root.crt", authority));
        for (name, value) in [("ssl", "on"), ("ssl_ca_file", "root.crt")] {
            options.settings.push((name.to_owned(), value.to_owned()));
        }
    } else {
        // Without TLS, a line that is about TLS is a mistake that keeps the server from starting.
        let lines = ACCESS.lines().filter(|line| !line.contains("clientcert"));
        options.files[0].contents = lines.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes();
    }
    let server = start_with(&options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let roles =
        [ENCRYPTED_ONLY, PLAIN_ONLY, CERTIFIED, ANYHOW].map(|role| format!("CREATE ROLE {role} LOGIN;"));
    runtime.block_on(as_superuser(&server, &roles.concat()));
    server
}
