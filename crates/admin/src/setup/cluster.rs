//! The step that makes what belongs to the whole server: the roles and the database.

use anstream::print;
use authority_connection::{Config, ConnectError};
use authority_migration::grants;
use authority_migration::runner::require_writable;
use authority_seed::Seed;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::facts::Facts;
use super::password::NewPassword;
use super::plan::{self, Change};
use super::report::{self, say};
use super::site::{Part, Site};
use crate::migrate::explain;
use crate::quote::{identifier, literal};
use crate::{Context, Failure, Outcome, seed};

/// How often what is missing is looked for again because somebody else was making it at the same time.
const ATTEMPTS: u32 = 5;

/// Makes what is missing, through the first connection that may; whether anything was.
///
/// Fails with the SQL for somebody else to run when none may.
pub(super) async fn step(context: &Context, site: &mut Site, seed: &Seed) -> Outcome<bool> {
    let mut refusals = Vec::new();
    let mut shortfall = None;
    // The owner comes first: where nothing is missing, nobody else is needed.
    let ways: Vec<_> = [site.config(Part::Owner)].into_iter().chain(site.maintenance()).cloned().collect();
    for way in &ways {
        let mut connection = match way.connection().await {
            Ok(connection) => connection,
            Err(error) if is_about_the_role(&error) => {
                refusals.push((way, error));
                continue;
            }
            Err(error) => return Err(Failure::new(&error).with_fix(error.fix())),
        };
        match make_what_is_missing(context, way, &mut connection, site, seed).await? {
            Made::Everything { changed } => {
                // What was made stays, however the connection ends.
                drop(connection.close().await);
                return Ok(changed);
            }
            Made::Nothing(found) => {
                // What somebody may do who has some rights is of less help than whom the operator has named.
                if shortfall.is_none() || site.maintenance_is_named() {
                    shortfall = Some((way, found));
                }
            }
        }
    }
    let Some((way, found)) = shortfall else { return Err(no_way(context, site, refusals)) };
    print!("{}", found.script);
    let (user, host) = (way.user(), way.host());
    let sentence = format!("the role {user:?} at {host} may not {}", found.what.join(", nor "));
    Err(Failure::saying(sentence).with_fix(format!(
        "have a superuser run the SQL on standard output, then run {program} setup again; or name a role that may: \
         {program} setup --maintenance-url postgres://user@host:port/postgres",
        program = context.program()
    )))
}

enum Made {
    Everything { changed: bool },
    Nothing(Shortfall),
}

struct Shortfall {
    what: Vec<String>,
    script: String,
}

async fn make_what_is_missing(
    context: &Context,
    way: &Config,
    connection: &mut PgConnection,
    site: &mut Site,
    seed: &Seed,
) -> Outcome<Made> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let facts = Facts::read(connection, site).await.map_err(|error| interrupted(context, &error))?;
        facts.require_possible(site)?;
        require_writable(connection).await.map_err(|error| explain(context, &error))?;
        if facts.database.is_some() && attempt == 1 {
            require_no_other_serving_role(context, way, site).await?;
        }
        let missing = plan::changes(&facts, site);
        if missing.is_empty() {
            return Ok(Made::Everything { changed: attempt > 1 });
        }
        let what = plan::shortcomings(&missing, &facts, site);
        if !what.is_empty() {
            let script = plan::script(&missing, &facts, site);
            return Ok(Made::Nothing(Shortfall { what, script }));
        }
        if missing.contains(&Change::CreateDatabase) {
            seed.check_password().map_err(|error| seed::explain(context, &error))?;
        }
        match make(connection, site, &facts, &missing).await? {
            Ok(()) => return Ok(Made::Everything { changed: true }),
            Err(error) if attempt < ATTEMPTS && exists_already(&error) => {}
            Err(error) => return Err(interrupted(context, &error)),
        }
    }
}

/// That the server refused a statement, or went away: what was made until then stays.
pub(super) fn interrupted(context: &Context, error: &sqlx::Error) -> Failure {
    Failure::new(error).with_fix(format!(
        "mend that, then run {} setup again: it continues where this stopped",
        context.program()
    ))
}

/// Fails when another role than the one of this run serves requests on the database, before one is made that would have
/// to be removed again. Who is not let into the database leaves that to the migrations.
async fn require_no_other_serving_role(context: &Context, way: &Config, site: &Site) -> Outcome {
    let way = way.with_database(site.database()).map_err(|error| Failure::new(&error))?;
    let Ok(mut connection) = way.connection().await else { return Ok(()) };
    let found = grants::require_no_other(&mut connection, site.role(Part::Serving)).await;
    drop(connection.close().await);
    found.map_err(|error| explain(context, &error))
}

/// Roles in one transaction, then the database, which cannot be in one. The outer failure is about passwords, the
/// inner one the server's.
async fn make(
    connection: &mut PgConnection,
    site: &mut Site,
    facts: &Facts,
    changes: &[Change],
) -> Outcome<sqlx::Result<()>> {
    let mut passwords: Vec<(Part, NewPassword)> = Vec::new();
    for part in changes.iter().filter_map(|change| change.sets_password_of()) {
        passwords.push((part, site.choose_password(part)?));
    }
    report::passwords(site, &passwords).map_err(|error| {
        Failure::saying(format!("cannot print the generated passwords, so nothing was changed: {error}"))
            .with_fix("give it an open standard output".to_owned())
    })?;
    let roles: Vec<_> = changes.iter().copied().filter(|change| *change != Change::CreateDatabase).collect();
    if let Err(error) = make_roles(connection, site, &roles, &passwords).await {
        return Ok(Err(error));
    }
    for (part, password) in passwords {
        site.password_was_set(part, password)?;
    }
    for change in &roles {
        say(change.told(site));
    }
    if roles.len() < changes.len() {
        if let Err(error) = make_database(connection, site, facts).await {
            return Ok(Err(error));
        }
        say(Change::CreateDatabase.told(site));
    }
    Ok(Ok(()))
}

async fn make_roles(
    connection: &mut PgConnection,
    site: &Site,
    roles: &[Change],
    passwords: &[(Part, NewPassword)],
) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    for change in roles {
        let password = passwords.iter().find(|(part, _)| change.sets_password_of() == Some(*part));
        let verifier = password.map(|(_, password)| password.verifier());
        execute(&mut transaction, &change.statement(site, verifier.as_deref())).await?;
    }
    transaction.commit().await
}

/// Who gives a database to a role has to be a member of it: where that can be had, for as long as it takes.
async fn make_database(connection: &mut PgConnection, site: &Site, facts: &Facts) -> sqlx::Result<()> {
    let statement = Change::CreateDatabase.statement(site, None);
    let owner = site.role(Part::Owner);
    if facts.superuser || facts.me == owner || may_become(connection, owner, facts).await? {
        return execute(connection, &statement).await;
    }
    let (owner, me) = (identifier(owner), identifier(&facts.me));
    execute(connection, &format!("GRANT {owner} TO {me}")).await?;
    let made = execute(connection, &statement).await;
    execute(connection, &format!("REVOKE {owner} FROM {me}")).await?;
    made
}

/// Asked again, for the role may have been made a moment ago.
async fn may_become(connection: &mut PgConnection, role: &str, facts: &Facts) -> sqlx::Result<bool> {
    let sql = format!("SELECT pg_has_role(current_user, {}, '{}')", literal(role), facts.membership());
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(connection).await?.try_get(0)
}

async fn execute(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// `duplicate_object`, `duplicate_database`, or the unique index under either.
fn exists_already(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    matches!(code.as_deref(), Some("42710" | "42P04" | "23505"))
}

pub(super) fn is_about_a_password(error: &ConnectError) -> bool {
    matches!(error, ConnectError::PasswordMissing { .. } | ConnectError::PasswordRefused { .. })
}

/// Whether a server answered, and it was this role or this database that it did not let in.
fn is_about_the_role(error: &ConnectError) -> bool {
    use ConnectError as E;
    matches!(
        error,
        E::PasswordMissing { .. }
            | E::PasswordFileExposed { .. }
            | E::PasswordRefused { .. }
            | E::AuthenticationFailed { .. }
            | E::ClientCertificateRefused { .. }
            | E::NoHbaEntry { .. }
            | E::NoRole { .. }
            | E::RoleCannotLogIn { .. }
            | E::NoDatabase { .. }
            | E::DatabaseClosed { .. }
            | E::NoConnectPrivilege { .. }
    )
}

fn no_way(context: &Context, site: &Site, mut refusals: Vec<(&Config, ConnectError)>) -> Failure {
    if site.maintenance_is_named()
        && let Some((_, error)) = refusals.pop()
    {
        let fix = if is_about_a_password(&error) {
            format!(
                "put the password of {} into MAINTENANCE_DATABASE_URL, PGPASSWORD or ~/.pgpass",
                site.maintenance()[0].user()
            )
        } else {
            error.fix()
        };
        return Failure::new(&error).with_fix(fix);
    }
    print!("{}", plan::script_from_nothing(site));
    let failure = Failure::saying("no role was let in that could make what is missing");
    let failure = refusals.iter().fold(failure, |failure, (_, error)| failure.because(error.to_string()));
    let (program, host) = (context.program(), site.config(Part::Owner).host());
    failure.with_fix(format!(
        "name a role that may make roles and databases, its password in PGPASSWORD or ~/.pgpass: {program} setup \
         --maintenance-url postgres://postgres@{}:{}/postgres; or have a superuser run the SQL on standard output with \
         psql, then run {program} setup again",
        host.name().replace('/', "%2F"),
        host.port()
    ))
}
