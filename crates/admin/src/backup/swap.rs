//! Restoring with several jobs, which no single transaction can: into a new database, which takes the place of
//! the old one when it is complete.

use std::process::Stdio;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};

use super::archive::Archive;
use super::child::Running;
use super::interrupt::Interrupt;
use super::manifest::TableRecord;
use super::programs::Installed;
use super::progress::Progress;
use super::restore::grant;
use super::server::Reached;
use super::snapshot::{execute, text};
use super::{compare, snapshot, verify};
use crate::context::{Database, Origin};
use crate::quote::literal;
use crate::scratch::{allowing_creation, drop_database, unique_name};
use crate::{Context, Failure, Outcome};

/// How often the names are tried to be swapped while clients come back.
const ATTEMPTS: u32 = 5;

/// Restores a backup into a new database and gives it the name of the target; what is in it.
///
/// Fails, with the old database as it was, when the role may not create databases or rename this one, when what came out is
/// not what the manifest says, and when it is interrupted. The new database is dropped then.
pub(super) async fn restore(
    context: &Context,
    target: &Reached,
    archive: &Archive,
    jobs: u16,
    interrupt: &mut Interrupt,
) -> Outcome<Vec<TableRecord>> {
    let name = target.name().to_owned();
    let (new, old) = (unique_name("restore")?, unique_name("replaced")?);
    let mut connection = target.pool.acquire().await.map_err(|error| Failure::new(&error))?;
    let creation = text(&mut connection, &creation(&new)).await?;
    let mut maintenance = maintenance(target, &name).await?;
    drop(connection);
    for (at, statement) in creation.iter().enumerate() {
        let made = sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut maintenance).await;
        if let Err(error) = made {
            // The first one makes it. Before that, a database of this name is somebody else's.
            if at > 0 {
                drop_database(&mut maintenance, &new).await.ok();
            }
            return Err(cannot_make(&error, target));
        }
    }
    let outcome = interrupt.unless(Box::pin(fill(context, target, archive, &new, jobs))).await;
    let outcome = match outcome {
        Ok(tables) => {
            target.pool.close().await;
            exchange(&mut maintenance, &name, &new, &old).await.map(|()| tables)
        }
        Err(failure) => {
            Err(failure.beneath(Failure::saying("the backup was not restored; nothing was changed")))
        }
    };
    let left = if outcome.is_ok() { &old } else { &new };
    let dropped = drop_database(&mut maintenance, left).await;
    let tables = outcome?;
    dropped.map(|()| tables).map_err(|error| {
        Failure::new(&error).beneath(Failure::saying(format!(
            "the backup was restored, but what it replaced is still there as database {left}"
        )))
    })
}

async fn fill(
    context: &Context,
    target: &Reached,
    archive: &Archive,
    new: &str,
    jobs: u16,
) -> Outcome<Vec<TableRecord>> {
    let config = target.config.with_database(new).map_err(|error| Failure::new(&error))?;
    let filled = Reached::connect(&Database { config, origin: Origin::DatabaseUrl }).await?;
    let installed = Installed::new(context);
    let pg_restore = installed.pg_restore(archive.written_by, Some(target.major())).await?;
    let mut command = installed.command(&pg_restore, &filled.variables());
    command.args(["--no-owner", "--no-privileges", "--no-password", "--exit-on-error"]);
    command
        .arg(format!("--jobs={jobs}"))
        .arg(format!("--dbname={new}"))
        .arg(&archive.path)
        .stdout(Stdio::null());
    let progress = Progress::unmeasured("restoring");
    Running::start(&pg_restore, command)?.finish().await?;
    drop(progress);
    let found = snapshot::content(&filled.pool).await?;
    if let Some(manifest) = &archive.manifest {
        compare::tables(&manifest.content.tables, &found.tables)?;
    }
    let mut connection = filled.pool.acquire().await.map_err(|error| Failure::new(&error))?;
    compare::require_ours(&text(&mut connection, compare::APPLIED_MIGRATIONS).await?)?;
    drop(connection);
    verify::schema(&filled, archive).await?;
    grant(context, &filled).await?;
    filled.pool.close().await;
    Ok(found.tables)
}

/// A connection to another database of the server than the one that is renamed.
async fn maintenance(target: &Reached, name: &str) -> Outcome<PgConnection> {
    let mut failure = None;
    for database in ["postgres", "template1"].into_iter().filter(|database| *database != name) {
        let config = target.config.with_database(database).map_err(|error| Failure::new(&error))?;
        match config.connection().await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = Some(Failure::new(&error).with_fix(error.fix())),
        }
    }
    Err(failure.unwrap_or_else(|| Failure::saying("there is no other database to connect to")))
}

/// Both renames happen, or none: names of databases are rows like others. Nobody may be connected meanwhile.
async fn exchange(connection: &mut PgConnection, name: &str, new: &str, old: &str) -> Outcome {
    let identifiers = format!(
        "SELECT format('%I', n) FROM unnest(ARRAY[{}, {}, {}]) AS n",
        literal(name),
        literal(new),
        literal(old)
    );
    let quoted = text(connection, &identifiers).await?;
    let [name_quoted, new, old] = quoted.as_slice() else {
        return Err(Failure::saying("the server cannot quote names"));
    };
    let hang_up = format!(
        "SELECT count(pg_terminate_backend(pid))::text FROM pg_catalog.pg_stat_activity
         WHERE datname = {} AND pid <> pg_backend_pid()",
        literal(name)
    );
    let rename = format!(
        "BEGIN; ALTER DATABASE {name_quoted} RENAME TO {old}; ALTER DATABASE {new} RENAME TO {name_quoted}; COMMIT"
    );
    let mut attempt = 0;
    loop {
        attempt += 1;
        let renamed = match text(connection, &hang_up).await {
            Ok(_) => execute(connection, &rename).await,
            Err(failure) => Err(failure),
        };
        let Err(failure) = renamed else { return Ok(()) };
        execute(connection, "ROLLBACK").await?;
        if attempt == ATTEMPTS {
            return Err(failure
                .with_fix("stop what is connected to the database, and restore again".to_owned())
                .beneath(Failure::saying(format!(
                    "database {name} cannot be replaced; nothing was changed"
                ))));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn cannot_make(error: &sqlx::Error, target: &Reached) -> Failure {
    let sentence = "several jobs restore into a new database, which cannot be made; nothing was changed";
    let fix = match allowing_creation(error, target.config.user()) {
        Some(allowing) => format!("restore without --jobs, or {allowing}"),
        None => "restore without --jobs".to_owned(),
    };
    Failure::new(error).beneath(Failure::saying(sentence)).with_fix(fix)
}

/// A query for the statements that make a database with the properties of the current one: encoding, locale, owner,
/// tablespace, connection limit, privileges, settings and comment. The columns of the locale differ between versions,
/// so they are looked up by name.
fn creation(new: &str) -> String {
    format!("WITH this AS (SELECT d.*, to_jsonb(d) AS j FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
statements AS (
    SELECT 1 AS at, format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L%s CONNECTION LIMIT %s',
               '{new}', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype,
               -- Naming the default one takes a privilege on it.
               (SELECT format(' TABLESPACE %I', spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = dattablespace AND spcname <> 'pg_default'),
               datconnlimit)
           || CASE j->>'datlocprovider'
                WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(j->>'datlocale', j->>'daticulocale'))
                              || coalesce(format(' ICU_RULES %L', j->>'daticurules'), '')
                WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', j->>'datlocale')
                ELSE '' END AS statement
      FROM this
    UNION ALL
    SELECT 2, format('REVOKE ALL ON DATABASE %I FROM PUBLIC', '{new}') FROM this WHERE datacl IS NOT NULL
    UNION ALL
    SELECT 3, format('GRANT %s ON DATABASE %I TO %s%s', acl.privilege_type, '{new}',
                     CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
                     CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM this, aclexplode(datacl) AS acl
    UNION ALL
    SELECT 4, format('ALTER %s SET %I = %s',
                     CASE s.setrole WHEN 0 THEN format('DATABASE %I', '{new}')
                                    ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), '{new}') END,
                     split_part(setting, '=', 1),
                     -- Lists are kept as they are written, everything else as its value.
                     CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
                          THEN coalesce(nullif(value, ''), '''''') ELSE quote_literal(value) END)
      FROM this JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = this.oid,
           unnest(s.setconfig) AS setting, substr(setting, strpos(setting, '=') + 1) AS value
    UNION ALL
    SELECT 5, format('COMMENT ON DATABASE %I IS %L', '{new}', shobj_description(oid, 'pg_database')) FROM this
     WHERE shobj_description(oid, 'pg_database') IS NOT NULL
)
SELECT statement FROM statements ORDER BY at, statement")
}
