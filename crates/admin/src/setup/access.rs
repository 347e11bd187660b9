//! The step that lets the two roles, and nobody else, at the database and its schema `public`.

use anstream::{eprintln, print};
use authority_migration::runner::require_writable;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::cluster::interrupted;
use super::plan::{self, in_database};
use super::report::say;
use super::site::{Part, Site};
use crate::context::Connected;
use crate::migrate::explain;
use crate::quote::{identifier, literal};
use crate::{Context, Failure, Outcome};

/// Who may do what in the database, as its owner sees it.
#[expect(clippy::struct_excessive_bools, reason = "facts, each independent of the others")]
struct Access {
    everybody_connects: bool,
    serving_connects: bool,
    everybody_creates: bool,
    owner_creates: bool,
    serving_uses: bool,
    /// Whether the owner may change who may use the schema: not before PostgreSQL 15, where a superuser owns it.
    schema_is_ours: bool,
}

/// Takes from everybody what everybody has by default, and gives the two roles what they need; whether anything had
/// to be changed.
///
/// Fails when the database is read-only, when the server refuses it, and when the owner could not create tables.
pub(super) async fn step(context: &Context, site: &Site, database: &Connected) -> Outcome<bool> {
    let refused = |error: sqlx::Error| interrupted(context, &error);
    let mut transaction = database.pool().begin().await.map_err(refused)?;
    require_writable(&mut transaction).await.map_err(|error| explain(context, &error))?;
    alone(&mut transaction).await.map_err(refused)?;
    let access = read(&mut transaction, site).await.map_err(refused)?;
    let (on_database, on_schema) = (on_database(&access, site), on_schema(&access, site));
    let mut ours = on_database.clone();
    if access.schema_is_ours {
        ours.extend(on_schema.clone());
    }
    run(&mut transaction, &ours).await.map_err(refused)?;
    transaction.commit().await.map_err(refused)?;
    tell(&on_database);
    if access.schema_is_ours || on_schema.is_empty() {
        tell(&on_schema);
        return Ok(!ours.is_empty());
    }
    if run_as_maintenance(context, site, &on_schema).await? {
        tell(&on_schema);
        return Ok(true);
    }
    let script = in_database(site, &plain(&on_schema));
    if access.serving_uses && (access.owner_creates || access.everybody_creates) {
        eprintln!(
            "warning: every role that can connect may create objects in the schema public; a superuser can end that \
             with psql -v ON_ERROR_STOP=1 -d postgres:\n{script}"
        );
        return Ok(!ours.is_empty());
    }
    print!("{script}");
    let sentence = format!(
        "the owner of the database, {:?}, may not give access to its schema public",
        site.role(Part::Owner)
    );
    Err(Failure::saying(sentence).with_fix(format!(
        "have a superuser run the SQL on standard output, then run {} setup again",
        context.program()
    )))
}

/// A statement, and what it does in words.
type Step = (String, (&'static str, String));

fn on_database(access: &Access, site: &Site) -> Vec<Step> {
    let (name, serving) = (site.database(), site.role(Part::Serving));
    let database = identifier(name);
    let mut steps = Vec::new();
    if access.everybody_connects {
        steps.push((
            format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
            ("revoked", format!("what everybody could do with database {name}")),
        ));
    }
    if !access.serving_connects {
        steps.push((
            format!("GRANT CONNECT ON DATABASE {database} TO {}", identifier(serving)),
            ("granted", format!("CONNECT on database {name} to the role {serving}")),
        ));
    }
    steps
}

fn on_schema(access: &Access, site: &Site) -> Vec<Step> {
    let (owner, serving) = (site.role(Part::Owner), site.role(Part::Serving));
    let [grant, revoke] = plan::schema_statements(site);
    let mut steps = Vec::new();
    if !access.owner_creates {
        steps.push((grant, ("granted", format!("CREATE in the schema public to the role {owner}"))));
    }
    if access.everybody_creates {
        steps.push((revoke, ("revoked", "CREATE in the schema public from everybody".to_owned())));
    }
    if !access.serving_uses {
        steps.push((
            format!("GRANT USAGE ON SCHEMA public TO {}", identifier(serving)),
            ("granted", format!("USAGE of the schema public to the role {serving}")),
        ));
    }
    steps
}

fn plain(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|(statement, _)| statement.clone()).collect()
}

fn tell(steps: &[Step]) {
    for (_, told) in steps {
        say(told.clone());
    }
}

/// Lets one run at a time at the privileges, until the end of its transaction: of two sessions that change those of
/// one object, the server refuses the second.
async fn alone(transaction: &mut PgConnection) -> sqlx::Result<()> {
    let sql = "SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(hashtext('authority setup'), 0)";
    sqlx::raw_sql(sql).execute(transaction).await.map(drop)
}

async fn run(transaction: &mut PgConnection, steps: &[Step]) -> sqlx::Result<()> {
    for (statement, _) in steps {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *transaction).await?;
    }
    Ok(())
}

/// Runs the statements as the first maintenance role that may; whether there was one.
async fn run_as_maintenance(context: &Context, site: &Site, steps: &[Step]) -> Outcome<bool> {
    for way in site.maintenance() {
        let way = way.with_database(site.database()).map_err(|error| Failure::new(&error))?;
        let Ok(mut connection) = way.connection().await else { continue };
        if owns_schema(&mut connection).await.map_err(|error| interrupted(context, &error))? {
            let done = async {
                let mut transaction = connection.begin().await?;
                alone(&mut transaction).await?;
                run(&mut transaction, steps).await?;
                transaction.commit().await
            };
            done.await.map_err(|error: sqlx::Error| interrupted(context, &error))?;
            return Ok(true);
        }
    }
    Ok(false)
}

async fn owns_schema(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let sql = "SELECT pg_has_role(current_user, n.nspowner, 'USAGE') FROM pg_catalog.pg_namespace n
               WHERE n.nspname = 'public'";
    sqlx::raw_sql(sql).fetch_one(connection).await?.try_get(0)
}

async fn read(transaction: &mut PgConnection, site: &Site) -> sqlx::Result<Access> {
    let serving = literal(site.role(Part::Serving));
    let sql = format!(
        "SELECT EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) p
                         WHERE p.grantee = 0) AS everybody_connects,
                EXISTS (SELECT FROM aclexplode(d.datacl) p
                         WHERE p.grantee = serving.oid AND p.privilege_type = 'CONNECT') AS serving_connects,
                EXISTS (SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) p
                         WHERE p.grantee = 0 AND p.privilege_type = 'CREATE') AS everybody_creates,
                pg_has_role(current_user, n.nspowner, 'USAGE')
                OR EXISTS (SELECT FROM aclexplode(n.nspacl) p
                            WHERE p.grantee <> 0 AND p.privilege_type = 'CREATE'
                              AND pg_has_role(current_user, p.grantee, 'USAGE')) AS owner_creates,
                has_schema_privilege(serving.oid, n.oid, 'USAGE') AS serving_uses,
                pg_has_role(current_user, n.nspowner, 'USAGE') AS schema_is_ours
         FROM pg_catalog.pg_database d
         JOIN pg_catalog.pg_namespace n ON n.nspname = 'public'
         JOIN pg_catalog.pg_roles serving ON serving.rolname = {serving}
         WHERE d.datname = current_database()"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(transaction).await?;
    Ok(Access {
        everybody_connects: row.try_get("everybody_connects")?,
        serving_connects: row.try_get("serving_connects")?,
        everybody_creates: row.try_get("everybody_creates")?,
        owner_creates: row.try_get("owner_creates")?,
        serving_uses: row.try_get("serving_uses")?,
        schema_is_ours: row.try_get("schema_is_ours")?,
    })
}
