//! Certificates, made anew for each test run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// Who signs certificates, and whom clients trust.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub(super) struct Certified {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// The certificate of a server that goes by these host names and addresses.
    pub(super) fn server(&self, hosts: &[&str]) -> Certified {
        self.sign(&named("server", hosts))
    }

    /// One that was valid until 2020.
    pub(super) fn expired_server(&self, hosts: &[&str]) -> Certified {
        let mut params = named("server", hosts);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(&params)
    }

    /// The certificate of a client, which names a role.
    pub(super) fn client(&self, role: &str) -> Certified {
        self.sign(&named(role, &[]))
    }

    fn sign(&self, params: &CertificateParams) -> Certified {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certified { certificate, key: key.serialize_pem() }
    }
}

/// A server's certificate that nobody signed but itself. That `openssl req -x509` makes, which PostgreSQL's manual
/// recommends for a first try, calls itself an authority's.
pub(super) fn self_signed(host: &str, is_authority: bool) -> Certified {
    let key = KeyPair::generate().expect("a key");
    let mut params = named(host, &[host]);
    params.is_ca = if is_authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    Certified { certificate, key: key.serialize_pem() }
}

fn named(common_name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("names that a certificate can hold");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

/// A file that nobody else reads, as a private key has to be.
pub(super) fn write(directory: &Path, name: &str, contents: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, contents).expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its permissions can be set");
    path
}
