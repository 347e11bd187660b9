//! Trying hosts, ways of encryption, and patience.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use super::driver::{self, TlsFiles};
use super::{Server, inspect};
use crate::{Config, ConnectError, Host, PreparedStatements, TargetSessionAttrs};

/// What the connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// To learn how the connections of a pool must be made.
    Pool,
    /// To be used itself.
    Session,
}

/// A connection, and the options with which another like it is made.
pub(super) struct Reached {
    pub(super) connection: PgConnection,
    pub(super) options: PgConnectOptions,
    host: Host,
    state: inspect::State,
    /// Whether a pooler refused the mark that shows a direct connection.
    mark_refused: bool,
}

impl Reached {
    pub(super) async fn describe(&mut self, config: &Config) -> Result<Server, ConnectError> {
        let pooled = self.mark_refused || !self.state.marked;
        let prepared_statements = match config.prepared_statements {
            PreparedStatements::Yes => true,
            PreparedStatements::No => false,
            PreparedStatements::Auto if !pooled => true,
            PreparedStatements::Auto => {
                inspect::carries_statements(&mut self.connection).await.map_err(|error| {
                    ConnectError::Other { at: Box::new(config.target(&self.host)), source: Box::new(error) }
                })?
            }
        };
        Ok(Server {
            host: self.host.clone(),
            version: self.connection.server_version_num().unwrap_or(0),
            in_recovery: self.state.in_recovery,
            read_only: self.state.read_only,
            pooled,
            prepared_statements,
        })
    }
}

/// Connects to the first acceptable host, and once more from the beginning, as often as `retry_attempts` says,
/// when the reason may go away.
pub(super) async fn reach(config: &Config, goal: Goal) -> Result<Reached, ConnectError> {
    let files = TlsFiles::read(config)?;
    let mut retries = config.pool.retry_attempts;
    loop {
        match reach_once(config, goal, &files).await {
            Err(error) if error.is_transient() && retries > 0 => {
                retries -= 1;
                tokio::time::sleep(config.pool.retry_delay).await;
            }
            outcome => return outcome,
        }
    }
}

async fn reach_once(config: &Config, goal: Goal, files: &TlsFiles) -> Result<Reached, ConnectError> {
    match (all_hosts(config, goal, files, config.target_session_attrs).await, config.target_session_attrs) {
        // Nobody prefers a standby to having no server at all.
        (Err(error), TargetSessionAttrs::PreferStandby) if error.is_about_the_host() || is_list(&error) => {
            all_hosts(config, goal, files, TargetSessionAttrs::Any).await
        }
        (outcome, _) => outcome,
    }
}

fn is_list(error: &ConnectError) -> bool {
    matches!(error, ConnectError::NoHost { .. })
}

async fn all_hosts(
    config: &Config,
    goal: Goal,
    files: &TlsFiles,
    wanted: TargetSessionAttrs,
) -> Result<Reached, ConnectError> {
    let mut attempts = Vec::new();
    for host in &config.hosts {
        match one_host(config, goal, files, host, wanted).await {
            Ok(reached) => return Ok(reached),
            Err(error) if config.hosts.len() == 1 || !error.is_about_the_host() => return Err(error),
            Err(error) => attempts.push(error),
        }
    }
    Err(ConnectError::NoHost { attempts })
}

async fn one_host(
    config: &Config,
    goal: Goal,
    files: &TlsFiles,
    host: &Host,
    wanted: TargetSessionAttrs,
) -> Result<Reached, ConnectError> {
    let detect = goal == Goal::Pool;
    let (mut connection, options, mark_refused) = match one_way(config, files, host, detect).await {
        Err(ConnectError::PoolerParameter { .. }) if detect => {
            let (connection, options) = one_way(config, files, host, false).await?;
            (connection, options, true)
        }
        outcome => {
            let (connection, options) = outcome?;
            (connection, options, false)
        }
    };
    let state = if goal == Goal::Pool || wanted != TargetSessionAttrs::Any {
        let failed =
            |error| ConnectError::Other { at: Box::new(config.target(host)), source: Box::new(error) };
        inspect::state(&mut connection).await.map_err(failed)?
    } else {
        inspect::State::default()
    };
    if !wanted.accepts(state.in_recovery, state.read_only) {
        return Err(ConnectError::WrongServer { at: Box::new(config.target(host)), wanted });
    }
    Ok(Reached { connection, options, host: host.clone(), state, mark_refused })
}

/// Tries the ways of encryption that the `sslmode` permits.
async fn one_way(
    config: &Config,
    files: &TlsFiles,
    host: &Host,
    marked: bool,
) -> Result<(PgConnection, PgConnectOptions), ConnectError> {
    let prepared = config.driver_options(host, files);
    let named = config.prepared_statements != PreparedStatements::No;
    let mut first_error = None;
    for mode in config.ssl_modes(host) {
        let options = driver::with_statements(prepared.options.clone(), named).ssl_mode(*mode);
        let tried = if marked { options.clone().options([inspect::MARK]) } else { options.clone() };
        let target = config.target(host);
        let error = match tokio::time::timeout(config.connect_timeout, tried.connect()).await {
            Ok(Ok(connection)) => return Ok((connection, options)),
            Ok(Err(error)) => crate::connect_error::classify(error, target, prepared.password_given),
            Err(_) => ConnectError::Timeout { at: Box::new(target), after: config.connect_timeout },
        };
        let error = match (error, &prepared.exposed_password_file) {
            (ConnectError::PasswordMissing { at }, Some(path)) => {
                ConnectError::PasswordFileExposed { at, path: path.clone() }
            }
            (error, _) => error,
        };
        let another_way = is_about_encryption(&error);
        // The first refusal is about what was asked for, the second about the makeshift.
        first_error.get_or_insert(error);
        if !another_way {
            break;
        }
    }
    // There is at least one mode, so one of them failed.
    Err(first_error.unwrap_or_else(|| ConnectError::TlsUnsupported { at: Box::new(config.target(host)) }))
}

/// Whether the other way, plain or encrypted, may succeed where this one failed.
fn is_about_encryption(error: &ConnectError) -> bool {
    matches!(
        error,
        ConnectError::NoHbaEntry { .. }
            | ConnectError::Tls { .. }
            | ConnectError::ClientCertificateRefused { .. }
            | ConnectError::AuthenticationFailed { .. }
    )
}
