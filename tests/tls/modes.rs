//! Every `sslmode` in every situation.

use authority_local_postgres::OWNER_ROLE;

use super::case::{Case, Expected, assert_all};
use super::ground::{ENCRYPTED_ONLY, Ground, PLAIN_ONLY};
use crate::connection::config;
use crate::support::Need;
use Expected::{Encrypted, Plain, Refused};

const UNTRUSTED: Expected = Refused("CertificateUntrusted", "sslrootcert=");
const EXPIRED: Expected =
    Refused("CertificateExpired", "openssl s_client -starttls postgres -connect localhost:");
const WRONG_HOST: Expected =
    Refused("CertificateWrongHost", "openssl s_client -starttls postgres -connect 127.0.0.1:");
const NO_TLS: Expected = Refused("TlsUnsupported", "ssl = on in postgresql.conf");
const NOT_PLAIN: Expected = Refused("NoHbaEntry", "add sslmode=require to DATABASE_URL");
const NOT_ENCRYPTED: Expected = Refused("NoHbaEntry", "add to pg_hba.conf");

/// A mode, the authority that is trusted in it, and what comes of it.
struct Row {
    mode: &'static str,
    trusts: Option<&'static str>,
    right_authority: Expected,
    wrong_authority: Expected,
    wrong_host: Expected,
    expired: Expected,
    without_tls: Expected,
    tls_demanded: Expected,
    tls_forbidden: Expected,
}

/// The three modes that verify nothing take no authority; `require` with one verifies it, as libpq does.
const TABLE: [Row; 7] = [
    row("disable", None, &[Plain, Plain, Plain, Plain, Plain, NOT_PLAIN, Plain]),
    row("allow", None, &[Plain, Plain, Plain, Plain, Plain, Encrypted, Plain]),
    row("prefer", None, &[Encrypted, Encrypted, Encrypted, Encrypted, Plain, Encrypted, Plain]),
    row("require", None, &[Encrypted, Encrypted, Encrypted, Encrypted, NO_TLS, Encrypted, NOT_ENCRYPTED]),
    row("require", Some(""), &[Encrypted, UNTRUSTED, Encrypted, EXPIRED, NO_TLS, Encrypted, NOT_ENCRYPTED]),
    row("verify-ca", Some(""), &[Encrypted, UNTRUSTED, Encrypted, EXPIRED, NO_TLS, Encrypted, NOT_ENCRYPTED]),
    row(
        "verify-full",
        Some(""),
        &[Encrypted, UNTRUSTED, WRONG_HOST, EXPIRED, NO_TLS, Encrypted, NOT_ENCRYPTED],
    ),
];

const fn row(mode: &'static str, trusts: Option<&'static str>, expected: &[Expected; 7]) -> Row {
    let [right_authority, wrong_authority, wrong_host, expired, without_tls, tls_demanded, tls_forbidden] =
        *expected;
    Row {
        mode,
        trusts,
        right_authority,
        wrong_authority,
        wrong_host,
        expired,
        without_tls,
        tls_demanded,
        tls_forbidden,
    }
}

#[tokio::test]
async fn every_mode_does_what_it_promises_in_every_situation() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let mut cases = Vec::new();
    for row in &TABLE {
        let with = |file: &str| match row.trusts {
            Some(_) => format!("sslmode={}&sslrootcert={}", row.mode, ground.file(file)),
            None => format!("sslmode={}", row.mode),
        };
        let right = with("right.crt");
        let what = |situation: &str| {
            let verified = if row.trusts.is_some() { " with an authority" } else { "" };
            format!("{}{verified}, {situation}", row.mode)
        };
        let case = |situation: &str, server, parameters: &str, expected| {
            Case::new(what(situation), server, parameters, expected)
        };
        cases.extend([
            case("the right authority", &ground.good, &right, row.right_authority),
            case("the right authority among others", &ground.good, &with("both.crt"), row.right_authority),
            case("the wrong authority", &ground.good, &with("wrong.crt"), row.wrong_authority),
            Case {
                host: "127.0.0.1",
                ..case("a name that the certificate lacks", &ground.good, &right, row.wrong_host)
            },
            case("an expired certificate", &ground.expired, &right, row.expired),
            case("a server without TLS", &ground.plain, &right, row.without_tls),
            Case {
                user: ENCRYPTED_ONLY,
                ..case("a server that demands TLS", &ground.good, &right, row.tls_demanded)
            },
            Case {
                user: PLAIN_ONLY,
                ..case("a server that forbids TLS", &ground.good, &right, row.tls_forbidden)
            },
        ]);
    }
    assert_all(cases).await;
}

#[tokio::test]
async fn verify_full_without_an_authority_trusts_only_the_public_ones() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let parameters = ["sslmode=verify-full", "sslmode=verify-full&sslrootcert=system", "sslrootcert=system"];
    assert_all(parameters.map(|it| Case::new(it, &ground.good, it, UNTRUSTED)).into()).await;
}

#[tokio::test]
async fn prefer_is_the_mode_of_those_who_say_nothing() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    assert_all(vec![
        Case::new("with TLS", &ground.good, "", Encrypted),
        Case::new("without TLS", &ground.plain, "", Plain),
    ])
    .await;
}

#[tokio::test]
async fn a_password_is_accepted_through_every_encrypted_way() {
    if Need::Tls.is_missing() {
        return;
    }
    // Over TLS, the server offers to bind the exchange to its certificate, and refuses a client that could and does not.
    let ground = Ground::get();
    let url = ground.good.endpoint().tcp_url_for("postgres");
    let owner = config(url.reveal(), &[]);
    let password = owner.password().expect("a password").reveal().to_owned();
    let parameters = ["require", "verify-full"].map(|mode| match mode {
        "require" => "sslmode=require".to_owned(),
        mode => format!("sslmode={mode}&sslrootcert={}", ground.file("right.crt")),
    });
    let cases = parameters.map(|parameters| Case {
        user: OWNER_ROLE,
        environment: vec![("PGPASSWORD", password.clone())],
        ..Case::new(parameters.clone(), &ground.good, &parameters, Encrypted)
    });
    assert_all(cases.into()).await;
}

#[tokio::test]
async fn an_authority_where_nothing_is_verified_is_a_contradiction() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    for mode in ["disable", "allow", "prefer"] {
        let parameters = format!("sslmode={mode}&sslrootcert={}", ground.file("right.crt"));
        let error = Case::new(mode, &ground.good, &parameters, Plain).config().expect_err("a contradiction");
        let expected = format!(
            "sslrootcert is given, but sslmode={mode} verifies no certificate: use sslmode=verify-full"
        );
        assert_eq!(error.to_string(), expected);
    }
    let error = Case::new("", &ground.good, "sslmode=verify-ca", Plain).config().expect_err("trusts nobody");
    assert!(error.to_string().starts_with("sslmode=verify-ca without sslrootcert would trust"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_by_name_unless_it_is_an_authoritys() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let trusting = |mode, file| format!("sslmode={mode}&sslrootcert={}", ground.file(file));
    let refused = Refused(
        "CertificateOfAuthority",
        "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost",
    );
    let mut cases = vec![
        Case::new("require", &ground.called_authority, "sslmode=require", Encrypted),
        Case::new("untrusted", &ground.self_signed, "sslmode=verify-full", UNTRUSTED),
    ];
    for mode in ["verify-ca", "verify-full"] {
        let (authority, server) = (trusting(mode, "called_authority.crt"), trusting(mode, "self_signed.crt"));
        cases.push(Case::new(format!("{mode}, CA:TRUE"), &ground.called_authority, &authority, refused));
        cases.push(Case::new(format!("{mode}, CA:FALSE"), &ground.self_signed, &server, Encrypted));
    }
    assert_all(cases).await;
}

#[tokio::test]
async fn files_that_hold_something_else_are_named() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let root = |path: &str| format!("sslmode=verify-full&sslrootcert={path}");
    let client = |certificate, key| {
        format!("sslmode=require&sslcert={}&sslkey={}", ground.file(certificate), ground.file(key))
    };
    let no_root = Refused("TlsFileUseless", "correct sslrootcert");
    let no_file = Refused("TlsFileUnreadable", "ls -l /nowhere/root.crt");
    let no_client = Refused("TlsFileUseless", "correct sslcert");
    let no_key = Refused("TlsFileUseless", "correct sslkey");
    let needs_passphrase = Refused("TlsKeyEncrypted", "openssl pkey -in ");
    let cases = [
        ("no file", root("/nowhere/root.crt"), no_file),
        ("an empty file", root(&ground.file("empty.crt")), no_root),
        ("a broken certificate", root(&ground.file("broken.crt")), no_root),
        ("a key for an authority", root(&ground.file("certified.key")), no_root),
        ("a key for a certificate", client("certified.key", "certified.key"), no_client),
        ("a certificate for a key", client("certified.crt", "certified.crt"), no_key),
        ("an encrypted key", client("certified.crt", "encrypted.key"), needs_passphrase),
    ];
    assert_all(
        cases.map(|(what, parameters, expected)| Case::new(what, &ground.good, &parameters, expected)).into(),
    )
    .await;
}
