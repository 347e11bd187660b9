//! From the parts of a URL and the environment to a configuration.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use super::parameters::Parameters;
use super::url::Parts;
use super::{Config, options, tls, url, values};
use crate::{ConfigError, Environment, Host, Password, PoolSettings};

pub(super) fn parse(text: &str, environment: &Environment) -> Result<Config, ConfigError> {
    let config = url::split(text).and_then(|parts| assemble(parts, environment));
    // What is wrong may be that a piece of the password was taken for something else: nothing is quoted then.
    config.map_err(|error| if url::misplaced_delimiter(text) { ConfigError::Unencoded } else { error })
}

fn assemble(mut parts: Parts, environment: &Environment) -> Result<Config, ConfigError> {
    let parameters = Parameters::check(std::mem::take(&mut parts.parameters))?;
    let hosts = hosts(std::mem::take(&mut parts.hosts), &parameters)?;
    let database = once("the database", parts.database, parameters.get("dbname"))?;
    let database = values::name("the database name", &database.ok_or(ConfigError::NoDatabase)?)?;
    let user = once("the user", parts.user, parameters.get("user"))?;
    let user = user.or_else(|| environment.get("PGUSER").map(str::to_owned)).or_else(operating_system_user);
    let password = parts.password.map(|password| password.reveal().to_owned());
    let password = once("the password", password, parameters.get("password"))?;
    let password = password.or_else(|| environment.get("PGPASSWORD").map(str::to_owned)).map(Password::new);
    let (statement_timeout, options) = session(&parameters, environment)?;
    without_effect(&parameters)?;
    let sockets_only = hosts.iter().all(|host| matches!(host, Host::Socket { .. }));

    Ok(Config {
        database,
        user: values::name("the user name", &user.ok_or(ConfigError::NoUser)?)?,
        password,
        password_file: parameters.get("passfile").map(PathBuf::from),
        default_password_file: environment
            .get_os("PGPASSFILE")
            .map(PathBuf::from)
            .or_else(|| Some(environment.home()?.join(".pgpass"))),
        tls: tls::settings(&parameters, environment, sockets_only)?,
        hosts,
        target_session_attrs: choice(&parameters, "target_session_attrs")?,
        application_name: match parameters.get("application_name") {
            Some(name) => values::name("application_name", name)?,
            None => Config::DEFAULT_APPLICATION_NAME.to_owned(),
        },
        connect_timeout: match parameters.get("connect_timeout") {
            Some(text) => values::seconds("connect_timeout", text, false)?,
            None => Config::DEFAULT_CONNECT_TIMEOUT,
        },
        statement_timeout,
        options,
        prepared_statements: choice(&parameters, "prepared_statements")?,
        pool: pool(&parameters)?,
    })
}

/// The servers: in front of the path, or as the parameters `host` and `port`.
fn hosts(given: Vec<(String, String)>, parameters: &Parameters) -> Result<Vec<Host>, ConfigError> {
    let names = parameters.get("host").map(|names| names.split(',').map(str::to_owned).collect::<Vec<_>>());
    let ports = parameters.get("port").map(|ports| ports.split(',').map(str::to_owned).collect::<Vec<_>>());
    let has_name = given.iter().any(|(name, _)| !name.is_empty());
    let has_port = given.iter().any(|(_, port)| !port.is_empty());
    if has_name && names.is_some() {
        return Err(ConfigError::Twice("the host"));
    }
    if has_port && ports.is_some() {
        return Err(ConfigError::Twice("the port"));
    }
    let (mut all_names, mut all_ports): (Vec<_>, Vec<_>) = given.into_iter().unzip();
    all_names = names.unwrap_or(all_names);
    all_ports = ports.unwrap_or(all_ports);
    if all_names.is_empty() {
        all_names.push(String::new());
    }
    match (all_names.len(), all_ports.len()) {
        (hosts, 0) => all_ports = vec![String::new(); hosts],
        (hosts, 1) => all_ports = vec![all_ports[0].clone(); hosts],
        (hosts, ports) if hosts != ports => return Err(ConfigError::PortCount { hosts, ports }),
        _ => {}
    }
    all_names.into_iter().zip(all_ports).map(|(name, port)| host(name, &port)).collect()
}

fn host(name: String, port: &str) -> Result<Host, ConfigError> {
    let name = if name.is_empty() { "localhost".to_owned() } else { name };
    let all_digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = match port {
        "" => Host::DEFAULT_PORT,
        text => match text.parse() {
            Ok(port) if port > 0 && all_digits => port,
            _ => return Err(ConfigError::Port(name)),
        },
    };
    if name.starts_with('/') {
        return Ok(Host::Socket { directory: PathBuf::from(name), port });
    }
    // An address of one link carries a zone (`fe80::1%eth0`), which the standard library does not parse.
    let is_ipv6 = || name.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.chars().all(is_name) || is_ipv6() {
        Ok(Host::Tcp { name, port })
    } else {
        Err(ConfigError::Host(name))
    }
}

type Session = (Option<std::time::Duration>, Vec<(String, String)>);

/// `statement_timeout` and `options`, of which the former must not stand in the latter as well. `PGOPTIONS` lies
/// below both, for the driver sends it in any case.
fn session(parameters: &Parameters, environment: &Environment) -> Result<Session, ConfigError> {
    let timeout = parameters.get("statement_timeout").map(values::statement_timeout).transpose()?;
    let parse = |name, text: Option<&str>| options::parse(name, text.unwrap_or_default());
    let own = parse("options", parameters.get("options"))?;
    if timeout.is_some() && own.iter().any(|(name, _)| name.eq_ignore_ascii_case("statement_timeout")) {
        return Err(ConfigError::Twice("statement_timeout"));
    }
    let mut inherited = parse("PGOPTIONS", environment.get("PGOPTIONS"))?;
    if timeout.is_some() {
        inherited.retain(|(name, _)| !name.eq_ignore_ascii_case("statement_timeout"));
    }
    Ok((timeout.flatten(), options::merge(inherited, own)))
}

fn pool(parameters: &Parameters) -> Result<PoolSettings, ConfigError> {
    let default = PoolSettings::default();
    let number = |name, least, most| {
        parameters.get(name).map(|text| values::number(name, text, least..=most)).transpose()
    };
    let seconds = |name, zero_allowed, default| {
        parameters.get(name).map_or(Ok(default), |text| values::seconds(name, text, zero_allowed))
    };
    let largest = PoolSettings::LARGEST_MAX;
    let initial = number("initial_pool_size", 0, largest)?.unwrap_or(default.initial_pool_size);
    let named_max = number("max_pool_size", 1, largest)?;
    let max_idle = number("max_idle_pool_size", 0, largest)?;
    let max = named_max.unwrap_or(default.max_pool_size.max(initial).max(max_idle.unwrap_or(0)));
    if initial > max {
        return Err(ConfigError::Contradiction(format!(
            "initial_pool_size ({initial}) is greater than max_pool_size ({max})"
        )));
    }
    if let Some(idle) = max_idle.filter(|idle| *idle > max) {
        return Err(ConfigError::Contradiction(format!(
            "max_idle_pool_size ({idle}) is greater than max_pool_size ({max})"
        )));
    }
    let kept = max_idle.unwrap_or(max);
    if initial > kept && parameters.get("initial_pool_size").is_some() {
        return Err(ConfigError::Contradiction(format!(
            "initial_pool_size ({initial}) is greater than max_idle_pool_size ({kept}), which would close the rest"
        )));
    }
    Ok(PoolSettings {
        initial_pool_size: initial,
        max_pool_size: max,
        max_idle_pool_size: max_idle,
        checkout_timeout: seconds("checkout_timeout", false, default.checkout_timeout)?,
        retry_attempts: number("retry_attempts", 0, 100)?.unwrap_or(default.retry_attempts),
        retry_delay: seconds("retry_delay", true, default.retry_delay)?,
    })
}

/// Parameters of libpq that hosted databases put into their URLs, accepted with the values that this driver
/// fulfils anyway.
fn without_effect(parameters: &Parameters) -> Result<(), ConfigError> {
    let fulfilled: [(&str, &[&str]); 3] = [
        ("channel_binding", &["disable", "prefer"]),
        ("gssencmode", &["disable", "prefer"]),
        ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"]),
    ];
    for (name, values) in fulfilled {
        if let Some(value) = parameters.get(name).filter(|value| !values.contains(value)) {
            let expected = format!("one of {} (others are not implemented)", values.join(", "));
            return Err(ConfigError::value(name, value, expected));
        }
    }
    Ok(())
}

fn once(
    what: &'static str,
    first: Option<String>,
    second: Option<&str>,
) -> Result<Option<String>, ConfigError> {
    match (first, second) {
        (Some(_), Some(_)) => Err(ConfigError::Twice(what)),
        (first, second) => Ok(first.or_else(|| second.map(str::to_owned))),
    }
}

fn choice<T>(parameters: &Parameters, name: &'static str) -> Result<T, ConfigError>
where
    T: Default + std::str::FromStr<Err = String>,
{
    let Some(text) = parameters.get(name) else { return Ok(T::default()) };
    text.parse().map_err(|expected: String| ConfigError::value(name, text, expected))
}

/// libpq's default: the name that the effective user id has.
fn operating_system_user() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok()??;
    Some(user.name)
}
