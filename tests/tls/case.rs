use authority_connection::{Config, ConnectError, Environment};
use authority_local_postgres::Ephemeral;
use sqlx::{PgConnection, Row};

use crate::connection::is;

/// What has to come of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A connection that the server calls encrypted.
    Encrypted,
    /// A connection that the server calls plain.
    Plain,
    /// An error of this variant, with this text in its remedy.
    Refused(&'static str, &'static str),
}

/// A way to connect.
pub(super) struct Case<'a> {
    /// For the report.
    pub(super) what: String,
    pub(super) server: &'a Ephemeral,
    pub(super) host: &'static str,
    pub(super) user: &'static str,
    /// The parameters of the URL, as in `sslmode=require`.
    pub(super) parameters: String,
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) expected: Expected,
}

impl<'a> Case<'a> {
    /// A role that may come in any way, at `localhost`, with nothing in the environment.
    pub(super) fn new(
        what: impl Into<String>,
        server: &'a Ephemeral,
        parameters: &str,
        expected: Expected,
    ) -> Self {
        Self {
            what: what.into(),
            server,
            host: "localhost",
            user: super::ground::ANYHOW,
            parameters: parameters.to_owned(),
            environment: Vec::new(),
            expected,
        }
    }

    pub(super) fn config(&self) -> Result<Config, authority_connection::ConfigError> {
        let port = self.server.endpoint().port();
        let url = format!("postgres://{}@{}:{port}/postgres?{}", self.user, self.host, self.parameters);
        Config::parse(&url, &Environment::from_pairs(self.environment.clone()))
    }

    /// What is wrong with the outcome of a single connection and of both kinds of pool; nothing if they are as expected.
    async fn complaints(&self) -> Vec<String> {
        let config = match self.config() {
            Ok(config) => config,
            Err(error) => return vec![format!("{}: the URL is refused: {error}", self.what)],
        };
        let single = Box::pin(async { encrypted(&mut config.connection().await?).await });
        let pool = Box::pin(async {
            let database = config.open().await?;
            let pool = database.connection.get_postgres_connection_pool();
            let outcome = encrypted(&mut pool.acquire().await.expect("a connection")).await;
            pool.close().await;
            outcome
        });
        let clients = Box::pin(async {
            let pool = config.client_pool().await?;
            let mut client = pool.get().await.expect("a connection");
            let rows = client.query(ENCRYPTED, &[], &[]).await.expect("every session has a row");
            Ok(rows[0].get(0))
        });
        let mut complaints = Vec::new();
        let outcomes = [("connection", single.await), ("pool", pool.await), ("client pool", clients.await)];
        for (way, outcome) in outcomes {
            if let Some(complaint) = self.complaint(outcome) {
                complaints.push(format!("{} ({way}): {complaint}", self.what));
            }
        }
        complaints
    }

    fn complaint(&self, outcome: Result<bool, ConnectError>) -> Option<String> {
        let expected = self.expected;
        match (outcome, expected) {
            (Ok(true), Expected::Encrypted) | (Ok(false), Expected::Plain) => None,
            (Ok(encrypted), _) => Some(format!("expected {expected:?}, came in, encrypted: {encrypted}")),
            (Err(error), Expected::Refused(variant, fix))
                if is(&error, variant) && error.fix().contains(fix) =>
            {
                None
            }
            (Err(error), _) => {
                Some(format!("expected {expected:?}, got {error}: {error:?}; fix: {}", error.fix()))
            }
        }
    }
}

/// Tries all cases, and fails with everything that came out otherwise.
pub(super) async fn assert_all(cases: Vec<Case<'_>>) {
    let mut complaints = Vec::new();
    for case in &cases {
        complaints.extend(case.complaints().await);
    }
    assert!(
        complaints.is_empty(),
        "{} of {} cases:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

/// What the server says of this session.
const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

async fn encrypted(connection: &mut PgConnection) -> Result<bool, ConnectError> {
    let row = sqlx::raw_sql(ENCRYPTED).fetch_one(connection).await;
    Ok(row.expect("every session has a row").try_get(0).expect("a boolean"))
}
