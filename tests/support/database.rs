use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use authority_local_postgres::{OWNER_ROLE, SUPERUSER};
use authority_migration::runner::Runner;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use tokio::sync::{Mutex, OnceCell};

use super::server;

/// The database that was migrated once, to be copied.
const TEMPLATE: &str = "authority_template";

/// A copy of a database is made file by file, which the server does for one client at a time: nobody
/// may be connected to the original meanwhile, another copier included.
static COPYING: Mutex<()> = Mutex::const_new(());

/// A database of a test's own, dropped at the end of the test.
pub(crate) struct Database {
    name: String,
    pool: PgPool,
}

/// What the server says when it refuses a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The SQLSTATE.
    pub(crate) code: String,
    /// The constraint that was violated.
    pub(crate) constraint: Option<String>,
    /// The table that it is about.
    pub(crate) table: Option<String>,
    /// The column that it is about.
    pub(crate) column: Option<String>,
    /// The sentence.
    pub(crate) message: String,
}

impl Database {
    /// A database with every migration applied, by the unprivileged owner.
    pub(crate) async fn migrated() -> Self {
        static MADE: OnceCell<()> = OnceCell::const_new();
        MADE.get_or_init(make_template).await;
        Self::copy_of(TEMPLATE).await
    }

    /// A database with nothing in it.
    pub(crate) async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Connections of its owner, the role `authority`.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Its address for its owner, as in `DATABASE_URL`.
    pub(crate) fn url(&self) -> String {
        self.url_as(OWNER_ROLE)
    }

    /// Its address for a role.
    pub(crate) fn url_as(&self, role: &str) -> String {
        server().endpoint().url_for(role, &self.name)
    }

    /// Connections of another role, such as `authority_app` or `postgres`.
    #[expect(clippy::unused_async, reason = "a pool belongs to the runtime that it is made in")]
    pub(crate) async fn pool_as(&self, role: &str) -> PgPool {
        pool(role, &self.name)
    }

    /// One connection of a role, outside any pool.
    pub(crate) async fn connection_as(&self, role: &str) -> PgConnection {
        connection(role, &self.name).await
    }

    /// Runs statements as the owner; panics with them when they fail.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.pool, sql).await;
    }

    /// The first column of every row that a query gives to the owner, as text.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        column(&self.pool, sql).await
    }

    async fn copy_of(template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        create(&name, template).await;
        let pool = pool(OWNER_ROLE, &name);
        Self { name, pool }
    }
}

impl Drop for Database {
    /// The test's runtime may be on its way out, so this works in one of its own.
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name);
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut connection = connection(SUPERUSER, "postgres").await;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("DROP DATABASE");
            });
        });
        // A panic in there was printed; a second one during a test's own would hide that one.
        let _ = dropping.join();
    }
}

/// Runs statements; panics with them when they fail.
pub(crate) async fn execute(pool: &PgPool, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await;
    done.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
}

/// Runs a statement that has to be refused.
pub(crate) async fn fails(pool: &PgPool, sql: &str) -> Refusal {
    let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await else {
        panic!("was not refused: {sql}");
    };
    let sqlx::Error::Database(error) = &error else { panic!("{error}, in: {sql}") };
    let error: &PgDatabaseError = error.downcast_ref();
    Refusal {
        code: error.code().to_owned(),
        constraint: error.constraint().map(str::to_owned),
        table: error.table().map(str::to_owned),
        column: error.column().map(str::to_owned),
        message: error.message().to_owned(),
    }
}

/// The first column of every row that a query gives, as text; NULL is an empty text.
pub(crate) async fn column(pool: &PgPool, sql: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(pool).await;
    rows.unwrap_or_else(|error| panic!("{error}, in: {sql}")).iter().map(first_as_text).collect()
}

fn first_as_text(row: &PgRow) -> String {
    let value = row.try_get_raw(0).expect("a first column");
    value.as_str().map(str::to_owned).unwrap_or_default()
}

fn pool(role: &str, database: &str) -> PgPool {
    PgPoolOptions::new().max_connections(8).connect_lazy_with(options(role, database))
}

async fn connection(role: &str, database: &str) -> PgConnection {
    let connection = PgConnection::connect_with(&options(role, database)).await;
    connection.unwrap_or_else(|error| panic!("cannot connect to {database} as {role}: {error}"))
}

fn options(role: &str, database: &str) -> PgConnectOptions {
    let url = server().endpoint().url_for(role, database);
    let options: PgConnectOptions = url.parse().expect("the server's own address can be parsed");
    options.disable_statement_logging()
}

async fn create(name: &str, template: &str) {
    let _alone = COPYING.lock().await;
    let mut connection = connection(SUPERUSER, "postgres").await;
    let sql = format!("CREATE DATABASE \"{name}\" OWNER {OWNER_ROLE} TEMPLATE {template}");
    let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
    made.unwrap_or_else(|error| panic!("cannot copy {template}: {error}"));
    connection.close().await.expect("the connection can be closed");
}

async fn make_template() {
    create(TEMPLATE, "template0").await;
    let pool = pool(OWNER_ROLE, TEMPLATE);
    Runner::new(pool.clone()).up(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    pool.close().await;
}
