use super::{parse, parse_with};
use crate::{Config, ConfigError, Environment};

fn sentence(url: &str) -> String {
    parse(url).unwrap_err().to_string()
}

#[test]
fn other_schemes_are_refused() {
    for url in ["", "mysql://h/d", "postgres:/h/d", "h/d", "Postgres"] {
        assert_eq!(parse(url), Err(ConfigError::Scheme), "{url}");
    }
}

#[test]
fn a_missing_database_is_named_with_its_remedy() {
    for url in ["postgres://h", "postgres://h/", "postgres://h:5432/?sslmode=require", "postgres://h?dbname="]
    {
        assert_eq!(parse(url), Err(ConfigError::NoDatabase), "{url}");
    }
    assert!(sentence("postgres://h").contains("postgres://localhost:5432/authority_db"));
}

#[test]
fn parameters_without_a_question_mark_are_not_part_of_the_name() {
    for url in
        ["postgres://h/d&sslmode=require", "postgres://u@h/d&password=s3cret", "postgres://h/a&b?port=1"]
    {
        assert_eq!(parse(url), Err(ConfigError::NoQuestionMark), "{url}");
    }
    assert!(crate::url_has_password("postgres://u@h/d&password=s3cret"));
    assert_eq!(parse("postgres://h/a%26b").unwrap().database(), "a&b");
}

#[test]
fn an_unknown_parameter_gets_the_nearest_known_one() {
    assert_eq!(
        sentence("postgres://h/d?ssl_mode=require"),
        r#""ssl_mode" is not a parameter of a database URL; did you mean "sslmode"?"#
    );
    assert!(sentence("postgres://h/d?max_poolsize=1").ends_with(r#"did you mean "max_pool_size"?"#));
    assert!(sentence("postgres://h/d?SSLMODE=require").ends_with(r#"did you mean "sslmode"?"#));
    assert_eq!(sentence("postgres://h/d?zzz=1"), r#""zzz" is not a parameter of a database URL"#);
}

#[test]
fn a_parameter_of_libpq_that_is_not_implemented_is_told_apart() {
    assert!(matches!(parse("postgres://h/d?hostaddr=::1"), Err(ConfigError::UnsupportedParameter { .. })));
    assert!(parse("postgres://h/d?channel_binding=prefer").is_ok());
    assert!(sentence("postgres://h/d?channel_binding=require").contains("disable, prefer"));
}

#[test]
fn nothing_is_said_twice() {
    let twice = |url| match parse(url) {
        Err(ConfigError::Twice(what)) => what,
        other => panic!("{url}: {other:?}"),
    };
    assert_eq!(twice("postgres://h/d?sslmode=require&sslmode=require"), "sslmode");
    assert_eq!(twice("postgres://h/d?host=i"), "the host");
    assert_eq!(twice("postgres://h:1/d?port=2"), "the port");
    assert_eq!(twice("postgres://u@h/d?user=v"), "the user");
    assert_eq!(twice("postgres://u:p@h/d?password=q"), "the password");
    assert_eq!(twice("postgres://h/d?dbname=e"), "the database");
    assert_eq!(
        twice("postgres://h/d?statement_timeout=1&options=-c%20statement_timeout=2"),
        "statement_timeout"
    );
}

#[test]
fn ports_are_numbers_in_range_and_as_many_as_hosts() {
    for url in ["postgres://h:0/d", "postgres://h:65536/d", "postgres://h:x/d", "postgres://h:+1/d"] {
        assert_eq!(parse(url), Err(ConfigError::Port("h".into())), "{url}");
    }
    let count = ConfigError::PortCount { hosts: 3, ports: 2 };
    assert_eq!(parse("postgres:///d?host=a,b,c&port=1,2"), Err(count));
}

#[test]
fn hosts_are_names_addresses_or_directories() {
    for url in ["postgres://a%20b/d", "postgres://a%40b/d", "postgres://[::1/d", "postgres://[zz]/d"] {
        assert!(
            matches!(parse(url), Err(ConfigError::Host(_) | ConfigError::Port(_))),
            "{url}: {:?}",
            parse(url)
        );
    }
    assert!(parse("postgres://2001:db8::1/d").is_err());
    assert!(parse("postgres://[::1]5432/d").is_err());
}

#[test]
fn numbers_out_of_range_say_the_range() {
    assert_eq!(
        sentence("postgres://h/d?max_pool_size=0"),
        r#"max_pool_size is "0", but must be a whole number from 1 to 10000"#
    );
    for parameter in [
        "max_pool_size=99999999999",
        "max_pool_size=-1",
        "initial_pool_size=+1",
        "retry_attempts=101",
        "retry_delay=-1",
        "retry_delay=1e3",
        "checkout_timeout=0",
        "connect_timeout=0",
        "connect_timeout=86401",
        "connect_timeout=inf",
        "connect_timeout=.5",
        "statement_timeout=5 weeks",
        "statement_timeout=25d",
        "statement_timeout=-1",
        "sslmode=on",
        "target_session_attrs=master",
        "prepared_statements=maybe",
        "options=geqo",
        "options=-B%2010",
    ] {
        let url = format!("postgres://h/d?{}", parameter.replace(' ', "%20"));
        assert!(matches!(parse(&url), Err(ConfigError::Value { .. })), "{parameter}: {:?}", parse(&url));
    }
}

#[test]
fn sizes_of_the_pool_must_fit_together() {
    for parameters in [
        "initial_pool_size=11&max_pool_size=10",
        "max_idle_pool_size=11&max_pool_size=10",
        "initial_pool_size=5&max_idle_pool_size=4",
    ] {
        let url = format!("postgres://h/d?{parameters}");
        assert!(matches!(parse(&url), Err(ConfigError::Contradiction(_))), "{parameters}");
    }
}

#[test]
fn tls_settings_must_fit_together() {
    for parameters in [
        "sslcert=/c",
        "sslkey=/k",
        "sslmode=disable&sslcert=/c&sslkey=/k",
        "sslmode=prefer&sslrootcert=/ca",
        "sslrootcert=/ca",
        "sslmode=verify-ca",
        "sslmode=verify-ca&sslrootcert=system",
    ] {
        let url = format!("postgres://h/d?{parameters}");
        assert!(matches!(parse(&url), Err(ConfigError::Contradiction(_))), "{parameters}");
    }
}

#[test]
fn the_url_and_a_variable_must_not_disagree() {
    let error = parse_with("postgres://h/d?sslmode=disable", [("SSL_MODE", "verify-full")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database URL has sslmode=disable and the environment SSL_MODE=verify-full: remove one"
    );
}

#[test]
fn nul_bytes_and_raw_spaces_are_refused() {
    for url in ["postgres://u%00@h/d", "postgres://u:%00@h/d", "postgres://h/d%00", "postgres://h%00/d"] {
        assert!(matches!(parse(url), Err(ConfigError::Nul(_))), "{url}");
    }
    for url in ["postgres://h/d\n", "postgres://h/a b", "postgres://h/d\0"] {
        assert_eq!(parse(url), Err(ConfigError::RawWhitespace), "{url:?}");
    }
}

#[test]
fn malformed_percent_encoding_is_refused() {
    for url in ["postgres://u%@h/d", "postgres://u%zz@h/d", "postgres://h/%FF", "postgres://h/d?sslmode=%1"] {
        assert!(matches!(parse(url), Err(ConfigError::PercentEncoding(_))), "{url}");
    }
}

#[test]
fn names_that_postgresql_would_cut_are_refused() {
    let long = "x".repeat(64);
    assert!(matches!(parse(&format!("postgres://h/{long}")), Err(ConfigError::TooLong { .. })));
    assert!(matches!(parse(&format!("postgres://{long}@h/d")), Err(ConfigError::TooLong { .. })));
    assert!(parse(&format!("postgres://h/{}", "x".repeat(63))).is_ok());
}

#[test]
fn a_password_that_is_not_encoded_is_never_quoted() {
    for password in
        ["hunter2/x", "hunter2@x", "x/hunter2", "x@hunter2", "x/hunter2=1?hunter2", "x@y?hunter2=1"]
    {
        let error = parse(&format!("postgres://u:{password}@h/d?sslmode=hunter2")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{password}: {error:?}");
    }
    // Without a host, the password stands where a port is expected.
    let error = parse("postgres://u:hunter2/d").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn a_database_url_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let value = std::ffi::OsString::from_vec(b"postgres://h/\xFF".to_vec());
    let environment = Environment::from_pairs([("DATABASE_URL", value)]);
    assert_eq!(Config::from_environment(&environment), Err(ConfigError::NotUnicode("DATABASE_URL")));
}
