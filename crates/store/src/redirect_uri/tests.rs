use authority_entity::sea_orm_active_enums::{ClientType, TokenEndpointAuthMethod};
use proptest::prelude::*;

use super::{LONGEST, may_be_registered};
use crate::ClientMetadata;

fn registered(uri: &str) -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec![uri.to_owned()],
        ..ClientMetadata::new("App", ClientType::Public, TokenEndpointAuthMethod::None)
    }
}

#[test]
fn a_native_app_may_listen_on_any_port_of_a_loopback_literal_that_is_registered_without_one() {
    for (of_client, good) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1/cb?a=b", "http://127.0.0.1:65535/cb?a=b"),
        ("http://127.0.0.1", "http://127.0.0.1:49152"),
        ("http://127.0.0.1?a=b", "http://127.0.0.1:49152?a=b"),
        ("http://[::1]/", "http://[::1]:49152/"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8080/cb"),
        ("https://app.example/cb", "https://app.example/cb"),
    ] {
        assert!(registered(of_client).admits_redirect_uri(good), "{of_client} and {good}");
    }
}

#[test]
fn everything_else_is_compared_character_by_character() {
    for (of_client, bad) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?a=b"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
        ("http://127.0.0.1/cb", "HTTP://127.0.0.1:80/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1:80/cb"),
        ("http://127.0.0.1/cb", "http://[::1]:80/cb"),
        ("http://127.0.0.1/cb", "http://localhost:80/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:80@evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:80.evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:80#"),
        ("http://127.0.0.1", "http://127.0.0.1:80\\"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8081/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
        ("http://localhost/cb", "http://localhost:80/cb"),
        ("https://app.example/cb", "https://app.example:443/cb"),
        ("https://app.example/cb", "https://app.example/CB"),
    ] {
        assert!(!registered(of_client).admits_redirect_uri(bad), "{of_client} and {bad}");
    }
}

/// Addresses that a client may register.
const GOOD: &[&str] = &[
    "https://app.example/cb",
    "https://app.example",
    "https://app.example?a=b",
    "https://app.example:8443/cb/../c?to=https://b.example/@me&c=%C3%A4",
    "https://user.app.example/@user:pw",
    "https://xn--bcher-kva.example./cb",
    "https://my_app.example/~me;a=1,2/(b)'*!$+",
    "https://192.0.2.1/cb",
    "https://[2001:db8::1]:8443/cb",
    "https://localhost/cb",
    "HTTPS://APP.example/cb",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:8080/cb",
    "http://127.0.0.1",
    "http://127.0.0.1?a=b",
    "http://[::1]/cb",
    "http://[::1]:65535/cb",
    "http://localhost/cb",
    "http://localhost:3000/cb",
    "http://LocalHost/cb",
    "com.example.app:/cb",
    "com.example.app://cb",
    "com.example.app:/",
    "com.example.app:///cb?a=b",
    "com.example.app://oauth.cb:1/redirect",
    "com.googleusercontent.apps.123-a0b:/oauth2redirect",
];

/// Addresses that it may not.
const BAD: &[&str] = &[
    "",
    "/cb",
    "//app.example/cb",
    "app.example/cb",
    ":/cb",
    // Anybody on the way reads the code.
    "http://evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0.0.0.0/cb",
    "http://[::]/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http:/cb",
    "http://",
    "http:127.0.0.1/cb",
    // No host.
    "https:",
    "https:foo",
    "https:/app.example/cb",
    "https://",
    "https:///cb",
    "https://?a=b",
    "https://:443/cb",
    "https://./cb",
    "https://app..example/cb",
    "https://.example/cb",
    "https://*.example/cb",
    "https://app%2eexample/cb",
    "https://[]/cb",
    "https://[2001:db8::1/cb",
    "https://[2001:db8::1]x/cb",
    "https://[v1.a]/cb",
    "https://2001:db8::1/cb",
    // No port.
    "https://app.example:/cb",
    "https://app.example:0/cb",
    "https://app.example:0443/cb",
    "https://app.example:65536/cb",
    "https://app.example:+443/cb",
    "https://app.example:443:443/cb",
    // The host is not where a person sees it.
    "http://127.0.0.1:8080@evil.example/cb",
    "http://127.0.0.1@evil.example/cb",
    "http://localhost:pw@127.0.0.1/cb",
    "https://user:pw@app.example/cb",
    "https://@app.example/cb",
    "https://app.example\\@evil.example/cb",
    "https://app.example\\.evil.example/cb",
    "com.example.app://user@cb",
    // A browser's own, or another program's.
    "about:blank",
    "blob:https://app.example/1",
    "chrome://settings",
    "content://app.example/cb",
    "data:text/html,a",
    "file:///etc/passwd",
    "filesystem:https://app.example/temporary/a",
    "ftp://app.example/cb",
    "intent://x",
    "intent://app.example/#Intent;scheme=https;end",
    "javascript:alert(1)",
    "jar:https://app.example/a.jar!/b",
    "mailto:ada@example.com",
    "ms-settings:/cb",
    "myapp:/cb",
    "tel:1",
    "urn:ietf:wg:oauth:2.0:oob",
    "vbscript:a",
    "view-source:https://app.example/cb",
    "ws://127.0.0.1/cb",
    "wss://app.example/cb",
    // No reversed name of a domain, or no path.
    "com.:/cb",
    ".com:/cb",
    "com..app:/cb",
    "com.example.app.:/cb",
    "1com.example:/cb",
    "com.example+app:/cb",
    "com.-example:/cb",
    "com.example-:/cb",
    "com.example_app:/cb",
    "com.example.app:",
    "com.example.app:cb",
    "com.example.app:?a=b",
    // No URI.
    "https://app.example/#",
    "https://app.example/cb#top",
    "com.example.app:/cb#",
    "https://app.example/c b",
    " https://app.example/cb",
    "https://app.example/cb ",
    "https://app.example/cb\n",
    "https://app.example/\0",
    "https://app.example/\u{e4}",
    "https://b\u{fc}cher.example/cb",
    "https://app.example/<b>",
    "https://app.example/\"b\"",
    "https://app.example/{b}",
    "https://app.example/a|b",
    "https://app.example/a^b",
    "https://app.example/`",
    "https://app.example/[a]",
    "https://app.example/%",
    "https://app.example/%2",
    "https://app.example/%2g",
    "https://app.example/%%20",
];

#[test]
fn an_address_is_registered_that_only_the_client_answers_at() {
    for good in GOOD {
        assert!(may_be_registered(good), "{good}");
    }
}

#[test]
fn an_address_that_others_could_answer_at_is_not_registered() {
    for bad in BAD {
        assert!(!may_be_registered(bad), "{bad}");
    }
}

#[test]
fn an_address_has_at_most_2048_octets() {
    let of = |length: usize| format!("{:a<length$}", "https://app.example/");
    assert_eq!(LONGEST, 2048);
    assert!(may_be_registered(&of(2048)));
    assert!(!may_be_registered(&of(2049)));
}

/// What looks like an address, and often is one.
fn address() -> impl Strategy<Value = String> {
    let scheme =
        prop_oneof!["https?", "[a-z]{1,3}(\\.[a-z]{0,2}){0,2}", Just("HTTP".to_owned()), "[!-~]{0,4}"];
    let host = prop_oneof![
        Just("127.0.0.1".to_owned()),
        Just("[::1]".to_owned()),
        Just("localhost".to_owned()),
        "[a-z.]{0,5}",
        "[!-~]{0,5}",
    ];
    let slashes = prop_oneof![4 => Just("//"), 1 => Just("/"), 1 => Just("")];
    (scheme, slashes, "([a-z:]{0,3}@)?", host, "(:[0-9]{0,5})?", "([/?\\\\#][!-~]{0,6})?").prop_map(
        |(scheme, slashes, user, host, port, rest)| format!("{scheme}:{slashes}{user}{host}{port}{rest}"),
    )
}

proptest! {
    /// The browser that is sent there has the last word on where "there" is (WHATWG URL).
    #[test]
    fn a_browser_reads_an_address_that_may_be_registered_the_same_way(
        uri in prop_oneof![4 => address(), 1 => proptest::sample::select(GOOD).prop_map(str::to_owned)],
    ) {
        if may_be_registered(&uri) && let Ok(url) = url::Url::parse(&uri) {
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            match url.scheme() {
                "https" => prop_assert!(url.host().is_some()),
                "http" => prop_assert!(matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))),
                own => prop_assert!(own.contains('.')),
            }
        }
    }

    #[test]
    fn nobody_is_named_before_the_host(good in proptest::sample::select(GOOD), user in "[!-.0->@-~]{0,6}") {
        let with_user = good.replacen("//", &format!("//{user}@"), 1);
        prop_assert_eq!(may_be_registered(&with_user), with_user == good);
    }

    #[test]
    fn every_port_of_a_loopback_literal_could_be_registered(port: u16, path in "(/[a-z]{0,4})?") {
        for host in super::LOOPBACK {
            let (without, with) = (format!("{host}{path}"), format!("{host}:{port}{path}"));
            prop_assert!(may_be_registered(&without));
            prop_assert_eq!(may_be_registered(&with), registered(&without).admits_redirect_uri(&with));
        }
    }
}
