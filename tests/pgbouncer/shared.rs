//! One PgBouncer for the whole test run, in front of every database of its server.

use std::sync::OnceLock;

use authority_local_postgres::{APP_ROLE, OWNER_ROLE};
use authority_password::Password;

use super::Pooler;
use crate::support::server;

/// How many sessions all clients of one database share: fewer than a race has callers.
const SESSIONS: u32 = 12;

/// The pooler in front of the whole server, which the role of the store can log in to.
pub(crate) struct Shared {
    pooler: Pooler,
    password: String,
}

impl Shared {
    /// One per process, made on first use, gone with the process.
    pub(crate) fn get() -> &'static Self {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The address of a database for the role of the store, with the password.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{APP_ROLE}:{}@127.0.0.1:{}/{database}", self.password, self.pooler.port())
    }

    /// What operators get, but for each database there is, with sessions that take turns, and with passwords that cost
    /// less than SCRAM's, of which a driver without optimization verifies few in a second.
    fn start() -> Self {
        let password = Password::generate(32).expect("randomness").reveal().to_owned();
        let users = format!("\"{APP_ROLE}\" \"{password}\"\n");
        let direct = server().endpoint().url_for(OWNER_ROLE, "postgres");
        let sessions = format!("default_pool_size = {SESSIONS}\nserver_round_robin = 1");
        let lines = [
            ("[databases]\npostgres = ", "[databases]\n* = "),
            (" dbname=postgres", ""),
            ("default_pool_size = 20", &sessions),
            ("auth_type = scram-sha-256", "auth_type = md5"),
        ];
        Self { pooler: Pooler::printed_for(&direct, &users, &["--max-clients", "1000"], &lines), password }
    }
}
