use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::parse;
use crate::url_has_password;

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A name of PostgreSQL: any text without NUL of up to 63 bytes.
fn name() -> impl Strategy<Value = String> {
    "[^\0]{1,15}"
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9.-]{0,12}",
        any::<std::net::Ipv4Addr>().prop_map(|it| it.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|it| format!("[{it}]")),
        "/[^\0,]{0,20}".prop_map(|it| encode(&it)),
    ]
}

fn hosts() -> impl Strategy<Value = String> {
    let place = (host(), prop::option::of(1..=u16::MAX))
        .prop_map(|(host, port)| port.map_or(host.clone(), |port| format!("{host}:{port}")));
    prop::collection::vec(place, 1..4).prop_map(|places| places.join(","))
}

fn parameter() -> impl Strategy<Value = Option<String>> {
    let seconds = || (0..86_400_u32, 1..1_000_000_000_u32).prop_map(|(s, n)| format!("{s}.{n:09}"));
    prop::option::of(prop_oneof![
        "(disable|allow|prefer|require|verify-full)".prop_map(|it| format!("sslmode={it}")),
        "(any|read-write|read-only|primary|standby|prefer-standby)"
            .prop_map(|it| format!("target_session_attrs={it}")),
        "(auto|true|false)".prop_map(|it| format!("prepared_statements={it}")),
        name().prop_map(|it| format!("application_name={}", encode(&it))),
        seconds().prop_map(|it| format!("connect_timeout={it}")),
        seconds().prop_map(|it| format!("checkout_timeout={it}")),
        seconds().prop_map(|it| format!("retry_delay={it}")),
        (0..=100_u32).prop_map(|it| format!("retry_attempts={it}")),
        (0..=10_000_u32).prop_map(|it| format!("initial_pool_size={it}")),
        (1..=10_000_u32).prop_map(|it| format!("max_pool_size={it}")),
        (0..20_000_u32, "(|ms|s|min)").prop_map(|(n, unit)| format!("statement_timeout={n}{unit}")),
        ("[a-z_]{1,9}", "[^\\x00-\\x1f\\x7f-\\x9f]{0,9}").prop_map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
            format!("options={}", encode(&format!("-c {name}={value}")))
        }),
        "/[^\0]{1,15}".prop_map(|it| format!("passfile={}", encode(&it))),
    ])
}

fn url() -> impl Strategy<Value = String> {
    (name(), prop::option::of("[^\0]{1,30}"), hosts(), name(), parameter(), parameter()).prop_map(
        |(user, password, hosts, database, first, second)| {
            let password = password.map(|it| format!(":{}", encode(&it))).unwrap_or_default();
            let parameters: Vec<_> = first.into_iter().chain(second).collect();
            let query =
                if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
            format!("postgres://{}{password}@{hosts}/{}{query}", encode(&user), encode(&database))
        },
    )
}

proptest! {
    #[test]
    fn what_is_parsed_prints_as_a_url_that_parses_to_the_same(url in url()) {
        // Two parameters that exclude each other are the only reason to refuse such a URL.
        if let Ok(config) = parse(&url) {
            prop_assert_eq!(parse(&config.to_url()), Ok(config.clone()), "{}", config.to_url());
            prop_assert_eq!(parse(&config.to_url()).unwrap().to_url(), config.to_url());
        } else {
            prop_assert!(url.contains('&'), "{}", url);
        }
    }

    #[test]
    fn a_printed_configuration_keeps_its_password(user in name(), password in "[^\0]{1,9}#hunter2") {
        let url = format!("postgres://{}:{}@h/d", encode(&user), encode(&password));
        let config = parse(&url).unwrap();
        let shown = format!("{config} {config:?} {}", config.url_without_password());
        prop_assert!(!shown.contains("hunter2"));
        prop_assert!(!url_has_password(&config.url_without_password()));
        prop_assert!(url_has_password(&config.to_url()));
    }

    #[test]
    fn no_error_quotes_a_password_that_was_not_encoded(
        before in "[a-z/?#@:%&=]{0,4}",
        after in "[a-z/?#@:%&=]{0,4}",
        query in "[a-z=&]{0,6}",
    ) {
        let url = format!("postgres://user:{before}hunter2{after}@host/database?{query}");
        if let Err(error) = parse(&url) {
            prop_assert!(!format!("{error} {error:?}").contains("hunter2"), "{}: {:?}", url, error);
        }
        prop_assert!(url_has_password(&url));
    }

    #[test]
    fn no_text_panics(text in ".*", rest in ".*") {
        let _ = parse(&text);
        let _ = parse(&format!("postgres://{rest}"));
        let _ = url_has_password(&text);
        let _ = url_has_password(&format!("postgres://{rest}"));
    }

    #[test]
    fn no_mutation_of_a_valid_url_panics(url in url(), at in any::<prop::sample::Index>(), put in "[ -~\0é]{0,3}") {
        let characters: Vec<char> = url.chars().collect();
        let at = at.index(characters.len());
        let (left, right) = characters.split_at(at);
        let mutated: String = left.iter().copied().chain(put.chars()).chain(right.iter().skip(1).copied()).collect();
        if let Ok(config) = parse(&mutated) {
            prop_assert_eq!(parse(&config.to_url()), Ok(config.clone()), "{} -> {}", mutated, config.to_url());
        }
    }
}
