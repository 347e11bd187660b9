//! Runs one step: all of it, or nothing of it.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, PgPool, Row};

use super::lock::jittered;
use super::{Blocker, Error, Event, Observer, Options, Result, ledger, session};
use crate::ddl::literal;
use crate::{Migration, grants};

/// The shortest pause before a step is tried again; each further one is twice as long, up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether statements ran; otherwise which one failed, and why.
type Attempt = std::result::Result<(), (String, sqlx::Error)>;

/// Which way a migration runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// What every step of a run needs.
pub(super) struct Work<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) options: &'a Options,
    pub(super) observer: &'a Observer,
}

impl Work<'_> {
    /// Applies a migration or takes it back, and records that.
    pub(super) async fn apply(
        &self,
        reader: &mut PgConnection,
        migration: &Migration,
        compatible_with: &str,
        direction: Direction,
    ) -> Result<()> {
        let started = Instant::now();
        let name = migration.name();
        let (script, record) = match direction {
            Direction::Up => (migration.up(), ledger::insertion(migration, compatible_with)),
            Direction::Down => (migration.down(), ledger::deletion(migration)),
        };
        if migration.in_transaction() {
            let statements: Vec<_> = script.statements().iter().cloned().chain([record]).collect();
            self.transaction(reader, name, &statements).await?;
        } else {
            let [statement] = script.statements() else {
                return Err(Error::NotOneStatement { name: name.to_owned() });
            };
            self.alone(reader, name, statement).await?;
            self.transaction(reader, name, &[record]).await?;
        }
        let elapsed = started.elapsed();
        (self.observer)(match direction {
            Direction::Up => Event::Applied { name, elapsed },
            Direction::Down => Event::TakenBack { name, elapsed },
        });
        Ok(())
    }

    /// Runs the statements in one transaction; tries again while others hold locks that it needs.
    pub(super) async fn transaction(
        &self,
        reader: &mut PgConnection,
        name: &str,
        statements: &[String],
    ) -> Result<()> {
        let deadline = Instant::now() + self.options.wait;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Err((statement, error)) = self.attempt(statements).await else { return Ok(()) };
            if !is_worth_another_attempt(&error) {
                return Err(failure(name, statement, error));
            }
            self.pause(reader, name, attempt, deadline).await?;
        }
    }

    /// Gives the serving role its privileges where it exists.
    pub(super) async fn grant(&self, reader: &mut PgConnection) -> Result<()> {
        let role = &self.options.serving_role;
        let changes = grants::changes(reader, role, &[]).await.map_err(Error::Server)?;
        if changes.is_empty() {
            return Ok(());
        }
        let statements: Vec<_> =
            changes.iter().flat_map(|change| change.statements.iter().cloned()).collect();
        self.transaction(reader, "the grants", &statements).await?;
        (self.observer)(Event::Granted { role, tables: changes.len() });
        Ok(())
    }

    async fn attempt(&self, statements: &[String]) -> Attempt {
        let begun = self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await;
        let mut transaction = begun.map_err(|error| ("BEGIN".to_owned(), error))?;
        let settings = transaction_settings(self.options);
        for statement in settings.iter().chain(statements) {
            if let Err(error) = session::execute(&mut transaction, statement).await {
                return Err((statement.clone(), error));
            }
        }
        transaction.commit().await.map_err(|error| ("COMMIT".to_owned(), error))
    }

    /// Runs one statement outside a transaction, on a connection that ends with it.
    ///
    /// Its time-outs travel in the startup message: no session that others use later is changed. A
    /// pooler refuses that message, and such a statement needs a connection of its own anyway.
    async fn alone(&self, reader: &mut PgConnection, name: &str, statement: &str) -> Result<()> {
        let deadline = Instant::now() + self.options.wait;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Err((tried, error)) = self.attempt_alone(reader, name, statement).await? else {
                return self.require_valid_indexes(reader, name).await;
            };
            if !is_worth_another_attempt(&error) {
                // What cannot be dropped now, the next run drops; what went wrong first counts.
                let _ = self.drop_leftovers(reader, statement).await;
                return Err(failure(name, tried, error));
            }
            self.pause(reader, name, attempt, deadline).await?;
        }
    }

    /// Drops what an earlier attempt left, which waits for the same sessions as the statement, and runs it.
    async fn attempt_alone(&self, reader: &mut PgConnection, name: &str, statement: &str) -> Result<Attempt> {
        if let Err(failed) = self.drop_leftovers(reader, statement).await? {
            return Ok(Err(failed));
        }
        let mut connection = self.dedicated(name).await?;
        let result = session::execute(&mut connection, statement).await;
        // The statement's outcome counts; a connection that dies while closing changes nothing.
        drop(connection.close().await);
        Ok(result.map_err(|error| (statement.to_owned(), error)))
    }

    async fn dedicated(&self, name: &str) -> Result<PgConnection> {
        let options = self.pool.connect_options();
        let options = options.as_ref().clone().options([
            ("lock_timeout", milliseconds(self.options.lock_timeout)),
            ("statement_timeout", milliseconds(self.options.statement_timeout)),
            ("search_path", "public".to_owned()),
        ]);
        PgConnection::connect_with(&options)
            .await
            .map_err(|source| Error::NoDedicatedConnection { name: name.to_owned(), source })
    }

    /// Drops the invalid indexes that the statement names: what a failed `CONCURRENTLY` left behind.
    async fn drop_leftovers(&self, reader: &mut PgConnection, statement: &str) -> Result<Attempt> {
        for index in invalid_indexes(reader).await.map_err(Error::Server)? {
            if statement.contains(&format!("\"{index}\"")) {
                let mut connection = self.dedicated(&index).await?;
                let sql = format!("DROP INDEX CONCURRENTLY \"{}\"", index.replace('"', "\"\""));
                if let Err(error) = session::execute(&mut connection, &sql).await {
                    return Ok(Err((sql, error)));
                }
                (self.observer)(Event::LeftoverDropped { index: &index });
            }
        }
        Ok(Ok(()))
    }

    async fn require_valid_indexes(&self, reader: &mut PgConnection, name: &str) -> Result<()> {
        let indexes = invalid_indexes(reader).await.map_err(Error::Server)?;
        if indexes.is_empty() {
            return Ok(());
        }
        Err(Error::InvalidIndexes { name: name.to_owned(), indexes })
    }

    async fn pause(
        &self,
        reader: &mut PgConnection,
        name: &str,
        attempt: u32,
        deadline: Instant,
    ) -> Result<()> {
        let blockers = blockers(reader).await.map_err(Error::Server)?;
        let pause = jittered(SHORTEST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE));
        if Instant::now() + pause >= deadline {
            return Err(Error::Blocked { name: name.to_owned(), attempts: attempt, blockers });
        }
        (self.observer)(Event::Retrying { name, attempt, blockers: &blockers });
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// What every transaction of a run begins with, and what a plan prints.
pub(super) fn transaction_settings(options: &Options) -> Vec<String> {
    vec![
        "SET LOCAL search_path TO public".to_owned(),
        "SET LOCAL standard_conforming_strings TO on".to_owned(),
        format!("SET LOCAL lock_timeout TO {}", literal(&milliseconds(options.lock_timeout))),
        format!("SET LOCAL statement_timeout TO {}", literal(&milliseconds(options.statement_timeout))),
    ]
}

fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

/// Somebody else held a lock (`lock_not_available`), or both waited for each other (`deadlock_detected`).
fn is_worth_another_attempt(error: &sqlx::Error) -> bool {
    matches!(session::sqlstate(error).as_deref(), Some("55P03" | "40P01"))
}

fn failure(name: &str, statement: String, error: sqlx::Error) -> Error {
    let name = name.to_owned();
    match session::sqlstate(&error).as_deref() {
        Some("57014") => Error::StatementTimeout { name, statement, source: error },
        None | Some("57P01" | "57P02" | "57P03" | "08006" | "08003") => {
            Error::ConnectionLost { name, source: error }
        }
        Some(_) => Error::Failed { name, statement, source: error },
    }
}

async fn invalid_indexes(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT c.relname::text AS name FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind = 'i' AND NOT i.indisvalid ORDER BY 1";
    session::rows(connection, sql).await?.iter().map(|row| row.try_get("name")).collect()
}

async fn blockers(connection: &mut PgConnection) -> sqlx::Result<Vec<Blocker>> {
    let sql = "SELECT DISTINCT ON (a.pid) a.pid, coalesce(a.application_name, '') AS application_name, c.relname::text AS table_name
               FROM pg_catalog.pg_locks l
               JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
               JOIN pg_catalog.pg_class c ON c.oid = l.relation
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE l.locktype = 'relation' AND l.granted AND a.pid <> pg_backend_pid()
                 AND n.nspname = 'public' AND c.relkind IN ('r', 'p')
                 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
               ORDER BY a.pid, c.relname LIMIT 5";
    session::rows(connection, sql)
        .await?
        .iter()
        .map(|row| {
            Ok(Blocker {
                pid: row.try_get("pid")?,
                application_name: row.try_get("application_name")?,
                table: row.try_get("table_name")?,
            })
        })
        .collect()
}
