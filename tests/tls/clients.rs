//! Certificates with which clients present themselves, demanded by `clientcert=verify-full`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::case::{Case, Expected, assert_all};
use super::ground::{CERTIFIED, Ground};
use crate::support::Need;
use Expected::{Encrypted, Refused};

const NEEDS_ONE: Expected = Refused("ClientCertificateRefused", "sslcert and sslkey");

fn case<'a>(
    ground: &'a Ground,
    what: &str,
    certificate: Option<(&str, &str)>,
    expected: Expected,
) -> Case<'a> {
    let presented = certificate.map_or_else(String::new, |(certificate, key)| {
        format!("&sslcert={}&sslkey={}", ground.file(certificate), ground.file(key))
    });
    let parameters = format!("sslmode=verify-full&sslrootcert={}{presented}", ground.file("right.crt"));
    Case { user: CERTIFIED, ..Case::new(what, &ground.good, &parameters, expected) }
}

#[tokio::test]
async fn the_certificate_of_a_client_has_to_be_signed_and_to_name_the_role() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    assert_all(vec![
        case(ground, "signed, of this role", Some(("certified.crt", "certified.key")), Encrypted),
        case(ground, "none", None, NEEDS_ONE),
        case(ground, "signed by somebody else", Some(("forged.crt", "forged.key")), NEEDS_ONE),
        case(
            ground,
            "of another role",
            Some(("someone_else.crt", "someone_else.key")),
            Refused("AuthenticationFailed", "pg_hba.conf"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_key_that_does_not_belong_to_the_certificate_is_named() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let files = Some(("certified.crt", "someone_else.key"));
    assert_all(vec![case(ground, "mixed up", files, Refused("ClientCertificateUnusable", "sslkey"))]).await;
}

#[tokio::test]
async fn a_key_that_others_may_read_is_not_used() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let key = ground.file("certified.key");
    let exposed = ground.file("right.crt").replace("right.crt", "exposed.key");
    fs::copy(key, &exposed).expect("a copy");
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).expect("permissions");
    let files = Some(("certified.crt", "exposed.key"));
    assert_all(vec![case(ground, "exposed", files, Refused("TlsKeyExposed", "chmod 600 "))]).await;
}
