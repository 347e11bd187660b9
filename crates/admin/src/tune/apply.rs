//! Making the recommended settings those of the server.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use tokio::time::{Instant, sleep};

use super::{Server, Setting};
use crate::{Failure, Outcome};

/// How long the server may take to read its files again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes the settings with `ALTER SYSTEM` and makes the server read them. Those that a running server takes over
/// have taken effect afterwards, unless the server was too slow for [`PATIENCE`]; their names are returned then.
///
/// Fails, with nothing changed, when the role may not, or when the server refuses one of them.
pub(super) async fn apply(pool: &PgPool, settings: &[Setting]) -> Outcome<Vec<&'static str>> {
    let mut connection = pool.acquire().await.map_err(|error| Failure::new(&error))?;
    require_permission(&mut connection, settings).await?;
    let before = written(&mut connection).await.map_err(|error| Failure::new(&error))?;
    for (at, setting) in settings.iter().enumerate() {
        let sql = format!("ALTER SYSTEM SET {} TO '{}'", setting.name, setting.value);
        if let Err(error) = execute(&mut connection, &sql).await {
            for done in &settings[..at] {
                let undone = execute(&mut connection, &undo(done.name, &before)).await;
                undone.map_err(|error| half_way(&error, &settings[..at]))?;
            }
            let sentence = format!("the server refuses {} = {}: {error}", setting.name, setting.value);
            return Err(Failure::saying(sentence).with_fix(BY_HAND.to_owned()));
        }
    }
    execute(&mut connection, "SELECT pg_catalog.pg_reload_conf()")
        .await
        .map_err(|error| Failure::new(&error))?;
    drop(connection);
    settle(pool, settings).await.map_err(|error| Failure::new(&error))
}

const BY_HAND: &str = "put the fragment above into postgresql.conf, or into the provider's own settings of the \
                       server, and reload it";

/// `ALTER SYSTEM` is for superusers and, since PostgreSQL 15, for whoever was granted it, setting by setting. The
/// administrators of managed services are neither.
async fn require_permission(connection: &mut PgConnection, settings: &[Setting]) -> Outcome {
    let names: Vec<_> = settings.iter().map(|setting| format!("('{}')", setting.name)).collect();
    let role = "SELECT current_user::text AS role, rolsuper AS may,
                       pg_catalog.current_setting('server_version_num')::integer >= 150000 AS grantable
                FROM pg_catalog.pg_roles WHERE rolname = current_user";
    let asked = async {
        let row = sqlx::raw_sql(role).fetch_one(&mut *connection).await?;
        let (role, mut may): (String, bool) = (row.try_get("role")?, row.try_get("may")?);
        if !may && row.try_get("grantable")? {
            let sql = format!(
                "SELECT bool_and(has_parameter_privilege(name, 'ALTER SYSTEM')) AS may FROM (VALUES {}) AS s (name)",
                names.join(", ")
            );
            may = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?.try_get("may")?;
        }
        Ok((role, may))
    };
    match asked.await.map_err(|error: sqlx::Error| Failure::new(&error))? {
        (_, true) => Ok(()),
        (role, false) => Err(Failure::saying(format!(
            "nothing was changed: the role {role:?} may not use ALTER SYSTEM, which is for superusers and which \
             managed services keep to themselves"
        ))
        .with_fix(format!("connect as a superuser, or {BY_HAND}"))),
    }
}

/// What `ALTER SYSTEM` wrote before. Nothing for a role that may not see it; it can then not be restored either.
async fn written(connection: &mut PgConnection) -> sqlx::Result<Vec<(String, String)>> {
    let sql = "SELECT name, setting FROM pg_catalog.pg_file_settings
               WHERE sourcefile LIKE '%postgresql.auto.conf' AND name IS NOT NULL ORDER BY seqno";
    let rows = match sqlx::raw_sql(sql).fetch_all(connection).await {
        Err(error) if error.as_database_error().is_some() => return Ok(Vec::new()),
        rows => rows?,
    };
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("setting")?))).collect()
}

fn undo(name: &str, before: &[(String, String)]) -> String {
    match before.iter().rfind(|(earlier, _)| earlier == name) {
        Some((_, value)) => format!("ALTER SYSTEM SET {name} TO '{}'", value.replace('\'', "''")),
        None => format!("ALTER SYSTEM RESET {name}"),
    }
}

fn half_way(error: &sqlx::Error, done: &[Setting]) -> Failure {
    let names: Vec<_> = done.iter().map(|setting| setting.name).collect();
    Failure::new(error)
        .with_fix(format!("look at postgresql.auto.conf, which may hold: {}", names.join(", ")))
}

/// Waits until the server has read its files. One that starts anew takes over the rest.
async fn settle(pool: &PgPool, settings: &[Setting]) -> sqlx::Result<Vec<&'static str>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let live = Server::of(pool).await?.beside(settings);
        let waiting: Vec<_> = settings
            .iter()
            .map(|setting| setting.name)
            .filter(|name| live.get(name).is_some_and(|live| !live.as_recommended && !live.pending_restart))
            .collect();
        if waiting.is_empty() || Instant::now() > deadline {
            return Ok(waiting);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
