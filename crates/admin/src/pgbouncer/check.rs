//! Whether the pooler in front of the database works with this software.
//!
//! Everything is asked as an ordinary client: a pooler tells its own settings to its administrators alone.

use std::collections::BTreeSet;
use std::time::Duration;

use authority_connection::{Config, ConnectError, Environment, PreparedStatements};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tokio::time::timeout;

use super::finding::Finding;
use crate::{Failure, Outcome};

/// How long a question may take. A pooler without a free server connection lets its clients wait for two minutes.
const PATIENCE: Duration = Duration::from_secs(5);
/// `Auth`, `pool` in ASCII: not the key of the migrations' lock, which a run may hold just now.
const LOCK: &str = "pg_try_advisory_xact_lock(1098216552, 1886351212)";
/// How often two clients compare their server connections.
const ROUNDS: usize = 10;

/// What one question of this module came to.
type Answer<T> = Result<T, String>;

/// Looks at the pooler that the configuration leads to.
///
/// Fails when it cannot be reached at all.
pub(super) async fn check(config: &Config, environment: &Environment) -> Outcome<Vec<Finding>> {
    let unreachable = |error: ConnectError| Failure::new(&error).with_fix(error.fix());
    let at = config.host();
    let server = config.probe().await.map_err(unreachable)?;
    if !server.pooled {
        return Ok(vec![Finding::problem(
            "pooler",
            format!("what answers at {at} is PostgreSQL itself"),
            "put the pooler's address into DATABASE_URL: its port is 6432 unless pgbouncer.ini says otherwise",
        )]);
    }
    let mut findings = vec![Finding::good("pooler", format!("a pooler answers at {at}"))];
    findings.push(mode(config).await);
    findings.push(transactions(config).await);
    findings.push(lock(config).await);
    findings.push(statements(config, server.prepared_statements));
    findings.extend(startup_options(config, environment).await);
    findings.push(leftovers(config).await);
    Ok(findings)
}

async fn mode(config: &Config) -> Finding {
    const CHECK: &str = "pool_mode";
    const FIX: &str = "pool_mode = transaction in pgbouncer.ini";
    let asked = async {
        let (mut one, mut other) = (client(config).await?, client(config).await?);
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        for _ in 0..ROUNDS {
            seen[0].insert(process(&mut one).await?);
            seen[1].insert(process(&mut other).await?);
        }
        let shared = seen[0].len() > 1 || seen[0].intersection(&seen[1]).next().is_some();
        let transactions = ask(&mut one, "BEGIN").await.is_ok();
        if transactions {
            ask(&mut one, "ROLLBACK").await?;
        }
        hang_up([one, other]).await;
        Answer::Ok((shared, transactions))
    };
    match asked.await {
        Ok((_, false)) => Finding::problem(CHECK, "it does not permit transactions: statement mode", FIX),
        Ok((true, true)) => Finding::good(CHECK, "transaction mode: clients share server connections"),
        Ok((false, true)) => Finding::note(
            CHECK,
            "session mode: each client keeps a server connection, also while it does nothing",
            FIX,
        ),
        Err(why) => Finding::problem(CHECK, why, FIX),
    }
}

/// A migration needs three connections at the same time: one holds the lock, one reads, one works.
async fn transactions(config: &Config) -> Finding {
    const CHECK: &str = "default_pool_size";
    let asked = async {
        let mut open = Vec::new();
        for at in 0..3 {
            let mut client = client(config).await.map_err(|why| (at, why))?;
            ask(&mut client, "BEGIN").await.map_err(|why| (at, why))?;
            ask(&mut client, "SELECT 1").await.map_err(|why| (at, why))?;
            open.push(client);
        }
        hang_up(open).await;
        Ok(())
    };
    match asked.await {
        Ok(()) => Finding::good(CHECK, "three transactions run at the same time, as a migration needs"),
        Err((at, why)) => Finding::problem(
            CHECK,
            format!("of the three transactions that a migration needs at the same time, {at} run: {why}"),
            "default_pool_size = 20 in pgbouncer.ini, and as many free connections on the server",
        ),
    }
}

async fn lock(config: &Config) -> Finding {
    const CHECK: &str = "migrations' lock";
    let asked = async {
        let (mut holder, mut other) = (client(config).await?, client(config).await?);
        ask(&mut holder, "BEGIN").await?;
        let held = try_lock(&mut holder).await?;
        // The holder sits in its transaction; the other one gets another server connection meanwhile.
        let kept_out = !try_lock(&mut other).await?;
        ask(&mut holder, "COMMIT").await?;
        let let_in = try_lock(&mut other).await?;
        hang_up([holder, other]).await;
        Answer::Ok(held && kept_out && let_in)
    };
    let fix = "pool_mode = transaction in pgbouncer.ini; two databases of the pooler must not be one name";
    match asked.await {
        Ok(true) => Finding::good(CHECK, "it keeps the second runner out, and lets it in afterwards"),
        Ok(false) => Finding::problem(CHECK, "it does not keep a second runner out", fix),
        Err(why) => Finding::problem(CHECK, why, fix),
    }
}

fn statements(config: &Config, carried: bool) -> Finding {
    const CHECK: &str = "prepared statements";
    let said = config.prepared_statements();
    if said != PreparedStatements::Auto {
        return Finding::good(CHECK, format!("DATABASE_URL says prepared_statements={said}"));
    }
    if carried {
        return Finding::good(CHECK, "they are carried from one server connection to the next");
    }
    Finding::note(
        CHECK,
        "they are not carried; the commands of this program do without them, Authority has to be told",
        "max_prepared_statements = 200 (PgBouncer 1.21 or later), or prepared_statements=false in DATABASE_URL",
    )
}

/// Whether settings of a connection's beginning arrive. Nothing where the URL has settings of its own: it would
/// not have been possible to connect if they were refused.
async fn startup_options(config: &Config, environment: &Environment) -> Option<Finding> {
    const CHECK: &str = "startup options";
    const NAME: &str = "authority.pooler_check";
    if !config.options().is_empty() || config.statement_timeout().is_some() {
        return None;
    }
    let url = config.to_url();
    let separator = if url.contains('?') { '&' } else { '?' };
    let marked = Config::parse(&format!("{url}{separator}options=-c%20{NAME}%3D1"), environment).ok()?;
    let asked = timeout(PATIENCE * 2, marked.connection()).await;
    Some(match asked {
        Ok(Ok(mut connection)) => {
            let sql = format!("SELECT pg_catalog.current_setting('{NAME}', true) IS NOT DISTINCT FROM '1'");
            match first::<bool>(&mut connection, &sql).await {
                Ok(true) => Finding::good(CHECK, "settings of a connection's beginning arrive"),
                _ => Finding::problem(
                    CHECK,
                    "settings of a connection's beginning are dropped in silence, time limits among them",
                    "take options out of ignore_startup_parameters in pgbouncer.ini",
                ),
            }
        }
        Ok(Err(ConnectError::PoolerParameter { .. })) => Finding::note(
            CHECK,
            "they are refused, as they should be: a migration outside of a transaction says so and stops",
            "run such a migration over a direct connection to the server",
        ),
        Ok(Err(error)) => Finding::problem(CHECK, error.to_string(), error.fix()),
        Err(_) => Finding::problem(CHECK, late(), "SHOW POOLS on the pooler's console"),
    })
}

/// Whether server connections come clean from their last client: in transaction mode nothing resets them.
async fn leftovers(config: &Config) -> Finding {
    const CHECK: &str = "server_reset_query";
    // Poolers themselves set the parameters that they follow.
    const SQL: &str = "SELECT what FROM (
            SELECT 'SET ' || name AS what FROM pg_catalog.pg_settings
            WHERE source = 'session' AND lower(name) NOT IN
                ('client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name',
                 'intervalstyle', 'search_path', 'default_transaction_read_only', 'session_authorization')
            UNION ALL SELECT 'a session''s advisory lock' FROM pg_catalog.pg_locks
            WHERE locktype = 'advisory' AND pid = pg_backend_pid()
            UNION ALL SELECT 'LISTEN ' || channel FROM pg_catalog.pg_listening_channels() AS channel
            UNION ALL SELECT 'temporary table ' || relname FROM pg_catalog.pg_class
            WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
        ) AS l ORDER BY 1";
    let asked = async {
        let mut open = Vec::new();
        let mut found = BTreeSet::new();
        for _ in 0..3 {
            let mut client = client(config).await?;
            // In a transaction that stays open, so that the next client looks at another server connection.
            ask(&mut client, "BEGIN").await?;
            for row in ask(&mut client, SQL).await? {
                found.insert(row.try_get::<String, _>("what").map_err(|error| error.to_string())?);
            }
            open.push(client);
        }
        hang_up(open).await;
        Answer::Ok(found)
    };
    let fix = "find the client that uses SET, LISTEN, pg_advisory_lock or temporary tables outside of transactions, \
               or server_reset_query_always = 1 in pgbouncer.ini";
    match asked.await {
        Ok(found) if found.is_empty() => Finding::good(CHECK, "server connections come without leftovers"),
        Ok(found) => {
            let found: Vec<_> = found.into_iter().collect();
            Finding::problem(CHECK, format!("a client left behind: {}", found.join(", ")), fix)
        }
        Err(why) => Finding::problem(CHECK, why, fix),
    }
}

async fn client(config: &Config) -> Answer<PgConnection> {
    match timeout(PATIENCE, config.connection()).await {
        Ok(connection) => connection.map_err(|error| error.to_string()),
        Err(_) => Err(late()),
    }
}

async fn ask(client: &mut PgConnection, sql: &str) -> Answer<Vec<PgRow>> {
    // The statements are constants of this file.
    match timeout(PATIENCE, sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(client)).await {
        Ok(rows) => rows.map_err(|error| error.to_string()),
        Err(_) => Err(late()),
    }
}

async fn first<T>(client: &mut PgConnection, sql: &str) -> Answer<T>
where
    T: for<'a> sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let rows = ask(client, sql).await?;
    let row = rows.first().ok_or("the server gave no answer")?;
    row.try_get(0).map_err(|error| error.to_string())
}

async fn process(client: &mut PgConnection) -> Answer<i32> {
    first(client, "SELECT pg_backend_pid()").await
}

async fn try_lock(client: &mut PgConnection) -> Answer<bool> {
    first(client, &format!("SELECT {LOCK}")).await
}

/// Leaves properly, so that open transactions are rolled back and their server connections can be used again.
async fn hang_up(clients: impl IntoIterator<Item = PgConnection>) {
    for mut client in clients {
        let _ = ask(&mut client, "ROLLBACK").await;
        let _ = timeout(PATIENCE, client.close()).await;
    }
}

fn late() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}
