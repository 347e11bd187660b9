//! Connecting, the way that was found to lead to the server.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::PgSslMode;
use tokio::sync::watch;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::Connection;
use super::tls;
use crate::config::options;
use crate::connect::driver::TlsFiles;
use crate::connect::inspect;
use crate::connect_error::{Target, classify_client};
use crate::{Config, ConnectError, Host, Server, TargetSessionAttrs};

/// What sessions begin with unless the URL says otherwise. Every statement of the program finds its rows by a few
/// keys, so that planning it for the values at hand would take time and change nothing (PostgreSQL manual, "Query
/// Planning", `plan_cache_mode`). Who waits for a row keeps a connection, and when all wait, nobody else gets one: the
/// wait ends before `checkout_timeout` (5 s) does, and after a deadlock would have been found (`deadlock_timeout`, 1 s).
/// The time zone is the one that sqlx asks for.
const DIRECT_SETTINGS: [(&str, &str); 3] =
    [("plan_cache_mode", "force_generic_plan"), ("lock_timeout", "2s"), ("TimeZone", "UTC")];

/// After how much silence the server's machine is asked whether it is still there, and how often when it does not
/// answer (PostgreSQL manual, "Parameter Key Words", `keepalives_idle` and what follows it). The defaults of the system
/// let who waits for an answer wait for two hours.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_mins(1), Duration::from_secs(10), 3);
/// How long what was sent may lack a receipt: as long as the above takes (`tcp_user_timeout`).
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(90);

/// How to connect to the server that was chosen. Its driver options hold the password: it has no `Debug`.
pub(super) struct Dial {
    options: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    pub(super) at: Target,
    password_given: bool,
    exposed_password_file: Option<PathBuf>,
    wanted: TargetSessionAttrs,
    timeout: Duration,
    server: Server,
    /// A pooler forgets what it is told at the start, and may refuse it.
    sets_time_zone: bool,
    /// Whose receivers live as long as connections do.
    pub(super) alive: watch::Sender<()>,
}

impl Dial {
    /// For the server that was chosen, encrypted as succeeded.
    pub(super) fn new(config: &Config, server: &Server, mode: PgSslMode) -> Result<Self, ConnectError> {
        let host = &server.host;
        let at = config.target(host);
        let (password, exposed_password_file) = config.password_for(host);
        let mut settings = config.session_settings();
        let is_set = |name: &str| settings.iter().any(|(set, _)| set.eq_ignore_ascii_case(name));
        let sets_time_zone = server.pooled && !is_set("TimeZone");
        if !server.pooled {
            let missing = DIRECT_SETTINGS.iter().filter(|(name, _)| !is_set(name));
            let missing: Vec<_> =
                missing.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            settings.extend(missing);
        }
        let mut driver = tokio_postgres::Config::new();
        driver
            .user(&config.user)
            .dbname(&config.database)
            .application_name(&config.application_name)
            .port(host.port())
            .keepalives_idle(KEEPALIVE.0)
            .keepalives_interval(KEEPALIVE.1)
            .keepalives_retries(KEEPALIVE.2)
            .tcp_user_timeout(RECEIPT_TIMEOUT)
            .ssl_mode(match mode {
                PgSslMode::Disable | PgSslMode::Allow => SslMode::Disable,
                PgSslMode::Prefer => SslMode::Prefer,
                PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => SslMode::Require,
            });
        match host {
            Host::Tcp { name, .. } => driver.host(name),
            Host::Socket { directory, .. } => driver.host_path(directory),
        };
        if let Some(password) = &password {
            driver.password(password.reveal());
        }
        if !settings.is_empty() {
            driver.options(options::print(&settings));
        }
        Ok(Self {
            options: driver,
            tls: tls::connector(mode, &TlsFiles::read(config)?, &at)?,
            at,
            password_given: password.is_some(),
            exposed_password_file,
            wanted: config.target_session_attrs,
            timeout: config.connect_timeout,
            server: server.clone(),
            sets_time_zone,
            alive: watch::Sender::new(()),
        })
    }

    /// Connects once. Fails when the server is not acceptable any more, too.
    pub(super) async fn connect(&self) -> Result<Connection, ConnectError> {
        // Boxed, for whoever asks the pool carries this along, and hardly ever needs it.
        tokio::time::timeout(self.timeout, Box::pin(self.connect_unlimited()))
            .await
            .unwrap_or_else(|_| Err(self.took_longer_than(self.timeout)))
    }

    pub(super) fn took_longer_than(&self, after: Duration) -> ConnectError {
        ConnectError::Timeout { at: Box::new(self.at.clone()), after }
    }

    async fn connect_unlimited(&self) -> Result<Connection, ConnectError> {
        let (client, connection) =
            self.options.connect(self.tls.clone()).await.map_err(|error| self.classify(error))?;
        let time_zone = connection.parameter("TimeZone").map(str::to_owned);
        let open = self.alive.subscribe();
        // It ends when the client is dropped, or with the connection; why, the client's next user is told.
        let task = tokio::spawn(async move {
            let _open = open;
            let _ = connection.await;
        });
        let connection = Connection::new(client, self.tls.clone(), task.abort_handle(), &self.server);
        self.prepare(connection.client(), time_zone.as_deref()).await?;
        Ok(connection)
    }

    async fn prepare(&self, client: &Client, time_zone: Option<&str>) -> Result<(), ConnectError> {
        let failed = |error| ConnectError::Other { at: Box::new(self.at.clone()), source: Box::new(error) };
        // PgBouncer keeps the time zone of each client, and gives it to the server connection that it lends out.
        if self.sets_time_zone && time_zone.is_none_or(|zone| zone != "UTC") {
            client.batch_execute("SET TimeZone TO 'UTC'").await.map_err(failed)?;
        }
        // Who prefers a standby has been given what there was.
        if matches!(self.wanted, TargetSessionAttrs::Any | TargetSessionAttrs::PreferStandby) {
            return Ok(());
        }
        let answers = client.simple_query(inspect::STATE).await.map_err(failed)?;
        let row = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let is = |column| row.is_some_and(|row| row.get(column) == Some("t"));
        if self.wanted.accepts(is(0), is(1)) {
            Ok(())
        } else {
            Err(ConnectError::WrongServer { at: Box::new(self.at.clone()), wanted: self.wanted })
        }
    }

    fn classify(&self, error: tokio_postgres::Error) -> ConnectError {
        match (classify_client(error, self.at.clone(), self.password_given), &self.exposed_password_file) {
            (ConnectError::PasswordMissing { at }, Some(path)) => {
                ConnectError::PasswordFileExposed { at, path: path.clone() }
            }
            (error, _) => error,
        }
    }
}
