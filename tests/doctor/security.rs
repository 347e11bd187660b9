use rcgen::{CertificateParams, KeyPair};

use super::examine;
use super::own_server::OwnServer;
use crate::support::{Database, Need, eventually, execute};
use authority_local_postgres::SUPERUSER;

/// This machine, by an address that does not look like it.
const ELSEWHERE: &str = "0.0.0.0";

#[tokio::test]
async fn the_way_to_another_machine_has_to_be_safe() {
    if Need::Tls.is_missing() {
        return;
    }
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let files = [("server.crt", certificate.as_str()), ("server.key", &key.serialize_pem())];
    let own = OwnServer::with_files(
        &[("ssl", "on"), ("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")],
        &files,
    );
    let subject = format!("{ELSEWHERE}:{}", own.port());
    let with = |mode: &str| examine(&format!("{}?sslmode={mode}", own.tcp_url(ELSEWHERE)), &[]);
    let plain = with("disable").finds("tls", "error", &subject);
    assert!(plain.message().contains("in the clear"), "{plain:?}");
    for mode in ["prefer", "require"] {
        let finding = with(mode).finds("tls", "warning", &subject);
        assert!(finding.fix().contains("sslmode=verify-full"), "{finding:?}");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root.crt");
    std::fs::write(&root, certificate).expect("the file can be written");
    with(&format!("verify-ca&sslrootcert={}", root.display())).finds("tls", "info", &subject);
    examine(&own.tcp_url("127.0.0.1"), &[]).is_well("tls");
    let verified = own.tcp_url("localhost");
    examine(&format!("{verified}?sslmode=verify-full&sslrootcert={}", root.display()), &[]).is_well("tls");
}

#[tokio::test]
async fn a_server_without_tls_is_an_error_from_elsewhere() {
    let own = OwnServer::with(&[]);
    let examination = examine(&own.tcp_url(ELSEWHERE), &[]);
    let finding = examination.finds("tls", "error", &format!("{ELSEWHERE}:{}", own.port()));
    assert!(finding.fix().contains("ALTER SYSTEM SET ssl = on;"), "{finding:?}");
    assert!(examination.skips("untuned-settings").contains("another machine"));
}

#[tokio::test]
async fn passwords_are_not_stored_as_md5() {
    let own = OwnServer::with(&[]);
    let (url, superuser) = (own.superuser_url(), own.superuser());
    let examination = examine(&url, &[]);
    examination.is_well("password-encryption");
    examination.is_well("md5-passwords");
    execute(&superuser, "ALTER SYSTEM SET password_encryption = 'md5'").await;
    execute(&superuser, "SELECT pg_reload_conf()").await;
    execute(&superuser, "SET password_encryption = 'md5'; CREATE ROLE doctor_md5 LOGIN PASSWORD 'x'").await;
    eventually("the setting is read", async || {
        examine(&url, &[]).of("password-encryption")[0].severity() != "ok"
    })
    .await;
    let examination = examine(&url, &[]);
    let role = examination.finds("md5-passwords", "warning", "doctor_md5");
    assert!(role.fix().ends_with("\\password \"doctor_md5\""), "{role:?}");
    let setting = examination.finds("password-encryption", "warning", "password_encryption");
    for statement in setting.fix().split_inclusive(';') {
        execute(&superuser, statement).await;
    }
    eventually("the setting is read", async || {
        examine(&url, &[]).of("password-encryption")[0].severity() == "ok"
    })
    .await;
}

#[tokio::test]
async fn lines_that_let_the_network_in_are_named() {
    let own = OwnServer::with(&[]);
    let url = own.superuser_url();
    examine(&url, &[]).is_well("pg-hba-trust");
    own.write_access(
        "local all all trust\n\
         host all all 127.0.0.1/32 trust\n\
         host all all 10.0.0.0/8 trust\n\
         host all all 192.168.0.0/16 password\n\
         host all all 10.1.0.0/99 scram-sha-256\n",
    );
    let examination = examine(&url, &[]);
    examination.finds("pg-hba-trust", "warning", "pg_hba.conf line 2");
    let network = examination.finds("pg-hba-trust", "error", "pg_hba.conf line 3");
    assert_eq!(network.evidence(), "host all all 10.0.0.0 255.0.0.0 trust");
    examination.finds("pg-hba-trust", "warning", "pg_hba.conf line 4");
    examination.finds("pg-hba-trust", "warning", "pg_hba.conf line 5");
    assert_eq!(examination.of("pg-hba-trust").len(), 4);
}

#[tokio::test]
async fn the_line_that_admits_the_serving_role_is_named() {
    let own = OwnServer::with(&[]);
    let url = own.superuser_url();
    examine(&url, &[]).is_well("pg-hba-serving-role");
    own.write_access("local all postgres trust\nhost all all all scram-sha-256\n");
    let none = examine(&url, &[]).finds("pg-hba-serving-role", "warning", "authority_app");
    assert!(none.fix().contains("local \"authority_db\" \"authority_app\" scram-sha-256"), "{none:?}");
    own.write_access("local all authority_app reject\nlocal all all trust\n");
    let rejected = examine(&url, &[]).finds("pg-hba-serving-role", "warning", "authority_app");
    assert!(rejected.message().contains("rejected by line 1"), "{rejected:?}");

    // Over TCP, the address counts.
    let superuser = own.superuser();
    execute(&superuser, "ALTER ROLE authority SUPERUSER").await;
    let tcp = own.tcp_url("127.0.0.1");
    own.write_access("local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n");
    let admitted = examine(&tcp, &[]);
    admitted.is_well("pg-hba-serving-role");
    assert!(admitted.of("pg-hba-serving-role")[0].message().starts_with("line 2 "));
    own.write_access("host all authority 127.0.0.1/32 scram-sha-256\nhost all +authority 127.0.0.1/32 trust\nhost all all 127.0.0.2/32 trust\n");
    let none = examine(&tcp, &[]).finds("pg-hba-serving-role", "warning", "authority_app");
    assert!(
        none.fix().contains("host \"authority_db\" \"authority_app\" 127.0.0.1/32 scram-sha-256"),
        "{none:?}"
    );
    execute(&superuser, "GRANT authority TO authority_app").await;
    examine(&tcp, &[]).is_well("pg-hba-serving-role");
}

#[tokio::test]
async fn what_only_a_superuser_sees_is_said_to_others() {
    let database = Database::migrated().await;
    let examination = examine(&database.url(), &[]);
    for check in ["md5-passwords", "pg-hba-trust", "pg-hba-serving-role"] {
        examination.may_not_see(check);
    }
    let examination = examine(&database.url_as(SUPERUSER), &[]);
    for check in ["md5-passwords", "pg-hba-trust", "pg-hba-serving-role"] {
        examination.is_well(check);
    }
}
