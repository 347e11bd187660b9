use std::time::Duration;

use super::{parse, parse_with};
use crate::{
    Config, Environment, Host, Password, PreparedStatements, SslMode, TargetSessionAttrs, url_has_password,
};

fn tcp(name: &str, port: u16) -> Host {
    Host::Tcp { name: name.into(), port }
}

#[test]
fn both_schemes_and_all_parts_are_understood() {
    for scheme in ["postgres", "postgresql"] {
        let config = parse(&format!("{scheme}://authority:s3cret@db.example:5433/authority_db")).unwrap();
        assert_eq!(config.hosts(), [tcp("db.example", 5433)]);
        assert_eq!(config.database(), "authority_db");
        assert_eq!(config.user(), "authority");
        assert_eq!(config.password(), Some(&Password::new("s3cret")));
        assert!(!config.is_local());
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = parse("postgres:///authority_db").unwrap();
    assert_eq!(config.hosts(), [tcp("localhost", 5432)]);
    assert_eq!(config.user(), "ada");
    assert_eq!(config.password(), None);
    assert_eq!(config.tls().mode, SslMode::Prefer);
    assert_eq!(config.connect_timeout(), Duration::from_secs(10));
    assert_eq!(config.pool_settings().max_pool_size, 10);
    assert!(config.is_local());
    assert_eq!(parse("postgres://:5433/d").unwrap().hosts(), [tcp("localhost", 5433)]);
    assert_eq!(parse("postgres://u@/d").unwrap().user(), "u");
}

#[test]
fn without_a_user_the_operating_system_is_asked() {
    let expected = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let config = Config::parse("postgres:///d", &Environment::default()).unwrap();
    assert_eq!(config.user(), expected);
}

#[test]
fn every_part_may_be_percent_encoded() {
    let config = parse("postgres://a%40b:p%2Fa%3Fs%23s%3Aw%C3%B6rd@db%2Eexample/d%20b").unwrap();
    assert_eq!(config.user(), "a@b");
    assert_eq!(config.password().unwrap().reveal(), "p/a?s#s:wörd");
    assert_eq!(config.hosts(), [tcp("db.example", 5432)]);
    assert_eq!(config.database(), "d b");
}

#[test]
fn a_password_may_hold_what_libpq_lets_it_hold() {
    let config = parse("postgres://u:a:b?c#d@h/d").unwrap();
    assert_eq!(config.password().unwrap().reveal(), "a:b?c#d");
    assert_eq!(parse("postgres://u:@h/d").unwrap().password(), None);
}

#[test]
fn a_socket_directory_is_a_host() {
    let socket = |port| Host::Socket { directory: "/var/run/postgresql".into(), port };
    for url in ["postgres://%2Fvar%2Frun%2Fpostgresql/d", "postgres:///d?host=/var/run/postgresql"] {
        assert_eq!(parse(url).unwrap().hosts(), [socket(5432)], "{url}");
    }
    let config = parse("postgres:///d?host=%2Fvar%2Frun%2Fpostgresql&port=5433").unwrap();
    assert_eq!(config.hosts(), [socket(5433)]);
    assert_eq!(config.host().to_string(), "/var/run/postgresql/.s.PGSQL.5433");
    assert!(config.is_local());
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    assert_eq!(parse("postgres://[::1]:5433/d").unwrap().hosts(), [tcp("::1", 5433)]);
    assert_eq!(parse("postgres://[2001:db8::1]/d").unwrap().hosts(), [tcp("2001:db8::1", 5432)]);
    let zone = parse("postgres://[fe80::1%25eth0]/d").unwrap();
    assert_eq!(zone.hosts(), [tcp("fe80::1%eth0", 5432)]);
    assert!(zone.to_url().contains("@[fe80::1%25eth0]:5432/"));
}

#[test]
fn several_hosts_keep_their_order_and_ports() {
    let config = parse("postgres://h1:5433,[::1],h2/d?target_session_attrs=read-write").unwrap();
    assert_eq!(config.hosts(), [tcp("h1", 5433), tcp("::1", 5432), tcp("h2", 5432)]);
    assert_eq!(config.target_session_attrs(), TargetSessionAttrs::ReadWrite);
    let config = parse("postgres:///d?host=h1,h2&port=5433").unwrap();
    assert_eq!(config.hosts(), [tcp("h1", 5433), tcp("h2", 5433)]);
    let config = parse("postgres:///d?host=h1,/tmp&port=1,2").unwrap();
    assert_eq!(config.hosts(), [tcp("h1", 1), Host::Socket { directory: "/tmp".into(), port: 2 }]);
    assert!(!config.is_local());
}

#[test]
fn user_password_and_database_may_be_parameters() {
    let config = parse("postgres://h?user=u&password=s3cret&dbname=d").unwrap();
    assert_eq!((config.user(), config.database()), ("u", "d"));
    assert_eq!(config.password().unwrap().reveal(), "s3cret");
}

#[test]
fn pool_parameters_have_the_names_that_operators_know() {
    let config = parse(
        "postgres://h/d?initial_pool_size=10&max_pool_size=50&max_idle_pool_size=20&checkout_timeout=2.5\
         &retry_attempts=3&retry_delay=0.25&connect_timeout=7",
    )
    .unwrap();
    let pool = config.pool_settings();
    assert_eq!((pool.initial_pool_size, pool.max_pool_size, pool.max_idle_pool_size), (10, 50, Some(20)));
    assert_eq!(pool.checkout_timeout, Duration::from_millis(2500));
    assert_eq!((pool.retry_attempts, pool.retry_delay), (3, Duration::from_millis(250)));
    assert_eq!(config.connect_timeout(), Duration::from_secs(7));
    assert_eq!(parse("postgres://h/d?initial_pool_size=25").unwrap().pool_settings().max_pool_size, 25);
}

#[test]
fn a_smaller_maximum_cuts_the_other_sizes() {
    let config = parse("postgres://h/d?initial_pool_size=10&max_pool_size=50&max_idle_pool_size=20").unwrap();
    let cut = config.pool_settings().with_max(3);
    assert_eq!((cut.initial_pool_size, cut.max_pool_size, cut.max_idle_pool_size), (3, 3, Some(3)));
    assert_eq!(config.pool_settings().with_max(0).max_pool_size, 1);
}

#[test]
fn session_parameters_are_understood() {
    let config = parse(
        "postgres://h/d?application_name=back%20office&statement_timeout=30s&prepared_statements=false\
         &options=-c%20lock_timeout%3D5s%20--search-path%3Da%5C%20b",
    )
    .unwrap();
    assert_eq!(config.application_name(), "back office");
    assert_eq!(config.statement_timeout(), Some(Duration::from_secs(30)));
    assert_eq!(config.prepared_statements(), PreparedStatements::No);
    let options = [("lock_timeout", "5s"), ("search_path", "a b")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(config.options(), options);
    let milliseconds = parse("postgres://h/d?statement_timeout=1500").unwrap();
    assert_eq!(milliseconds.statement_timeout(), Some(Duration::from_millis(1500)));
    assert_eq!(parse("postgres://h/d?statement_timeout=0").unwrap().statement_timeout(), None);
}

#[test]
fn tls_comes_from_the_url_or_from_the_variables() {
    let variables = [("SSL_MODE", "verify-full"), ("SSL_CA", "/ca"), ("SSL_CERT", "/c"), ("SSL_KEY", "/k")];
    let from_variables = parse_with("postgres://h/d", variables).unwrap();
    let url = "postgres://h/d?sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k";
    assert_eq!(from_variables.tls(), parse(url).unwrap().tls());
    assert_eq!(parse_with(url, variables).unwrap().tls(), from_variables.tls());
    assert_eq!(from_variables.tls().mode, SslMode::VerifyFull);
    // Over a socket there is no TLS, whatever the variables say.
    let socket = parse_with("postgres:///d?host=/tmp", variables).unwrap();
    assert_eq!(socket.tls().mode, SslMode::Prefer);
    // libpq's word for the public authorities.
    let system = parse("postgres://h/d?sslrootcert=system").unwrap();
    assert_eq!((system.tls().mode, &system.tls().root_certificate), (SslMode::VerifyFull, &None));
}

#[test]
fn a_password_may_come_from_the_environment_and_the_url_wins() {
    let config = parse_with("postgres://u@h/d", [("PGPASSWORD", "s3cret")]).unwrap();
    assert_eq!(config.password().unwrap().reveal(), "s3cret");
    let config = parse_with("postgres://u:own@h/d", [("PGPASSWORD", "s3cret")]).unwrap();
    assert_eq!(config.password().unwrap().reveal(), "own");
}

#[test]
fn settings_of_the_environment_lie_below_those_of_the_url() {
    let inherited = [("PGOPTIONS", "-c lock_timeout=1s -c statement_timeout=9s -c jit=off")];
    let config =
        parse_with("postgres://h/d?options=-c%20lock_timeout=2s&statement_timeout=5s", inherited).unwrap();
    let options = [("jit", "off"), ("lock_timeout", "2s")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(config.options(), options);
}

#[test]
fn only_the_revealing_functions_show_the_password() {
    let config = parse("postgres://authority:hunter2@db.example/authority_db?sslmode=require").unwrap();
    assert_eq!(config.to_url(), "postgres://authority:hunter2@db.example:5432/authority_db?sslmode=require");
    assert_eq!(config.to_string(), "postgres://authority@db.example:5432/authority_db?sslmode=require");
    assert!(!format!("{config:?} {config}").contains("hunter2"));
    assert!(format!("{config:?}").contains("[hidden]"));
}

#[test]
fn the_programs_of_postgresql_get_the_same_configuration() {
    let config = parse("postgres://u:hunter2@h1:5433,h2/d?sslmode=require&options=-c%20jit=off").unwrap();
    let variables = config.libpq_variables();
    let expected = [
        ("PGHOST", "h1,h2"),
        ("PGPORT", "5433,5432"),
        ("PGDATABASE", "d"),
        ("PGUSER", "u"),
        ("PGPASSWORD", "hunter2"),
        ("PGSSLMODE", "require"),
        ("PGOPTIONS", "-c jit=off"),
    ];
    for (name, value) in expected {
        assert!(variables.contains(&(name, value.to_owned())), "{name}");
    }
}

#[test]
fn a_neighbouring_database_or_role_keeps_the_rest() {
    let config = parse("postgres://u:hunter2@h/d?max_pool_size=3").unwrap();
    assert_eq!(
        config.with_database("a/b").unwrap().to_url(),
        "postgres://u:hunter2@h:5432/a%2Fb?max_pool_size=3"
    );
    assert_eq!(config.with_user("v").unwrap().to_url(), "postgres://v@h:5432/d?max_pool_size=3");
    assert_eq!(config.with_user("u").unwrap(), config);
    assert!(config.with_database("").is_err());
    assert!(config.with_user("a\0b").is_err());
}

#[test]
fn a_password_in_a_url_is_noticed_wherever_it_stands() {
    for url in [
        "postgres://u:p@h/d",
        "postgres://h/d?password=p",
        "postgres://h/d?passwor%64=p",
        "postgres://u:p/q@h/d",
        "postgres://u:%zz@h/d",
        "mysql://u:p@h/d",
    ] {
        assert!(url_has_password(url), "{url}");
    }
    for url in ["postgres://u@h/d", "postgres://u:@h/d", "postgres://h:5432/d", "postgres://[::1]/d", ""] {
        assert!(!url_has_password(url), "{url}");
    }
}

#[test]
fn an_unset_or_empty_database_url_is_no_configuration() {
    assert_eq!(Config::from_environment(&Environment::default()), Ok(None));
    assert_eq!(Config::from_environment(&Environment::from_pairs([("DATABASE_URL", "")])), Ok(None));
}
