use std::fs;

use authority_local_postgres::{DATABASE, DataFile, Ephemeral, EphemeralOptions, OWNER_ROLE, SUPERUSER};
use authority_migration::runner::Runner;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::servers::start_with;

/// A server of a test's own, for what is true of a whole server.
pub(super) struct OwnServer(Ephemeral);

impl OwnServer {
    /// A server with these settings.
    pub(super) fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_files(settings, &[])
    }

    /// A server with these settings and these files in its data directory.
    pub(super) fn with_files(settings: &[(&str, &str)], files: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let files =
            files.iter().map(|(name, text)| DataFile { name: (*name).to_owned(), contents: (*text).into() });
        let options = EphemeralOptions {
            settings: settings.collect(),
            files: files.collect(),
            ..EphemeralOptions::default()
        };
        Self(start_with(&options))
    }

    /// The address of its database for its owner.
    pub(super) fn url(&self) -> String {
        self.0.url()
    }

    /// The address of its database for the superuser.
    pub(super) fn superuser_url(&self) -> String {
        self.0.endpoint().url_for(SUPERUSER, DATABASE)
    }

    /// The address of its database for its owner through TCP at another name of this machine, password included.
    pub(super) fn tcp_url(&self, host: &str) -> String {
        self.0.endpoint().tcp_url().reveal().replace("127.0.0.1", host)
    }

    /// The file of its socket.
    pub(super) fn socket(&self) -> String {
        let endpoint = self.0.endpoint();
        format!("{}/.s.PGSQL.{}", endpoint.socket_dir().display(), endpoint.port())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.endpoint().port()
    }

    /// Connections of the superuser to its database.
    pub(super) fn superuser(&self) -> PgPool {
        pool(&self.superuser_url())
    }

    /// Applies every migration to its database, as its owner.
    pub(super) async fn migrate(&self) {
        // Before PostgreSQL 15 the schema is everybody's.
        crate::support::execute(
            &self.superuser(),
            &format!(
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO {OWNER_ROLE};"
            ),
        )
        .await;
        let runner = Runner::new(pool(&self.url()));
        runner.up(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    }

    /// Restarts it, for settings that wait for that.
    pub(super) fn restart(&self) {
        self.0.stop_fast().unwrap_or_else(|error| panic!("{error}"));
        self.0.start_again().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Restarts it as a standby of nobody, which lets clients in as `hot_standby` says.
    pub(super) fn restart_as_standby(&self, hot_standby: &str) {
        use std::os::unix::fs::{MetadataExt, chown};
        self.0.stop_fast().unwrap_or_else(|error| panic!("{error}"));
        let data = self.0.data_dir();
        let owner = fs::metadata(data).expect("the data directory");
        let signal = data.join("standby.signal");
        fs::write(&signal, "").expect("the file can be written");
        chown(&signal, Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
        let conf = data.join("postgresql.conf");
        let text = fs::read_to_string(&conf).expect("the configuration can be read");
        fs::write(&conf, format!("{text}hot_standby = {hot_standby}\n")).expect("it can be written");
        self.0.start_again().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Replaces its `pg_hba.conf`, without having it read.
    pub(super) fn write_access(&self, lines: &str) {
        // Written in place, the file keeps its owner.
        fs::write(self.0.data_dir().join("pg_hba.conf"), lines).expect("the file can be written");
    }
}

fn pool(url: &str) -> PgPool {
    let options: PgConnectOptions = url.parse().expect("the server's own address can be parsed");
    PgPoolOptions::new().max_connections(3).connect_lazy_with(options)
}
