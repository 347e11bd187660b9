//! The variables that Authority's operators know, in place of the parameters of the URL.

use super::case::{Case, Expected, assert_all};
use super::ground::{CERTIFIED, Ground};
use crate::support::Need;
use Expected::{Encrypted, Plain, Refused};

#[tokio::test]
async fn the_variables_mean_what_the_parameters_mean() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let set = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let (right, wrong) = (ground.file("right.crt"), ground.file("wrong.crt"));
    let (certificate, key) = (ground.file("certified.crt"), ground.file("certified.key"));
    let full = [("SSL_MODE", "verify-full"), ("SSL_CA", &right)];
    let certified = [full[0], full[1], ("SSL_CERT", &certificate), ("SSL_KEY", &key)];
    let case =
        |what, server, environment, expected| Case { environment, ..Case::new(what, server, "", expected) };
    let untrusted = Refused("CertificateUntrusted", "sslrootcert");
    assert_all(vec![
        case("SSL_MODE=disable", &ground.good, set(&[("SSL_MODE", "disable")]), Plain),
        case("SSL_MODE=require", &ground.good, set(&[("SSL_MODE", "require")]), Encrypted),
        case(
            "SSL_MODE=require, no TLS",
            &ground.plain,
            set(&[("SSL_MODE", "require")]),
            Refused("TlsUnsupported", "ssl = on"),
        ),
        case("SSL_CA, the right one", &ground.good, set(&full), Encrypted),
        case("SSL_CA, the wrong one", &ground.good, set(&[full[0], ("SSL_CA", &wrong)]), untrusted),
        Case {
            host: "127.0.0.1",
            ..case(
                "SSL_MODE=verify-full, another name",
                &ground.good,
                set(&full),
                Refused("CertificateWrongHost", "subjectAltName"),
            )
        },
        Case { user: CERTIFIED, ..case("SSL_CERT and SSL_KEY", &ground.good, set(&certified), Encrypted) },
        Case {
            user: CERTIFIED,
            ..case("no SSL_CERT", &ground.good, set(&full), Refused("ClientCertificateRefused", "sslcert"))
        },
        Case {
            environment: set(&[("SSL_CA", &right)]),
            ..Case::new(
                "the mode in the URL, SSL_CA beside it",
                &ground.good,
                "sslmode=verify-full",
                Encrypted,
            )
        },
    ])
    .await;
}

#[tokio::test]
async fn a_variable_that_contradicts_the_url_is_refused() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let environment = vec![("SSL_MODE", "disable".to_owned())];
    let case = Case { environment, ..Case::new("", &ground.good, "sslmode=verify-full", Encrypted) };
    let error = case.config().expect_err("a contradiction").to_string();
    assert!(error.contains("sslmode=verify-full") && error.contains("SSL_MODE=disable"), "{error}");
}
