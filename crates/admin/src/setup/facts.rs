//! What a server already has, and what the role that asks may do there.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::site::{Part, Site};
use crate::quote::literal;
use crate::{Failure, Outcome};

/// The oldest `server_version_num` that Authority works with.
const OLDEST_SUPPORTED: i32 = 130_000;
/// From here on, CREATEROLE is about the roles that one administers, and membership does not imply SET ROLE.
const FINER_MEMBERSHIP: i32 = 160_000;

/// The server, as one role sees it.
#[expect(clippy::struct_excessive_bools, reason = "facts, each independent of the others")]
pub(super) struct Facts {
    /// The role that asks.
    pub(super) me: String,
    pub(super) superuser: bool,
    pub(super) create_db: bool,
    pub(super) create_role: bool,
    pub(super) version_number: i32,
    pub(super) owner: Option<Role>,
    pub(super) serving: Option<Role>,
    pub(super) database: Option<ExistingDatabase>,
    version: String,
    in_recovery: bool,
}

/// A role that exists.
#[expect(clippy::struct_excessive_bools, reason = "facts, each independent of the others")]
pub(super) struct Role {
    pub(super) can_log_in: bool,
    /// Whether the role that asks may alter it and grant it.
    pub(super) administrable: bool,
    /// Whether the role that asks may give objects to it.
    pub(super) mine: bool,
    superuser: bool,
    /// Whether it may act as the owner role.
    acts_as_owner: bool,
}

/// A database that exists.
pub(super) struct ExistingDatabase {
    owner: String,
    /// Whether the owner role is its owner, or inherits from it.
    is_ours: bool,
}

impl Facts {
    /// Asks the server.
    pub(super) async fn read(connection: &mut PgConnection, site: &Site) -> sqlx::Result<Self> {
        let sql = "SELECT current_user::text AS me, current_setting('server_version') AS version,
                          current_setting('server_version_num')::int4 AS version_number,
                          pg_is_in_recovery() AS in_recovery, r.rolsuper, r.rolcreatedb, r.rolcreaterole
                   FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";
        let row = sqlx::raw_sql(sql).fetch_one(&mut *connection).await?;
        let version_number = row.try_get("version_number")?;
        Ok(Self {
            me: row.try_get("me")?,
            version: row.try_get("version")?,
            version_number,
            in_recovery: row.try_get("in_recovery")?,
            superuser: row.try_get("rolsuper")?,
            create_db: row.try_get("rolcreatedb")?,
            create_role: row.try_get("rolcreaterole")?,
            owner: role(connection, site, Part::Owner, version_number).await?,
            serving: role(connection, site, Part::Serving, version_number).await?,
            database: database(connection, site).await?,
        })
    }

    /// The kind of membership in a role that lets one give objects to it.
    pub(super) fn membership(&self) -> &'static str {
        membership(self.version_number)
    }

    /// A role, where it exists.
    pub(super) fn role(&self, part: Part) -> Option<&Role> {
        match part {
            Part::Owner => self.owner.as_ref(),
            Part::Serving => self.serving.as_ref(),
        }
    }

    /// Refuses what no role could set up: a server that cannot hold the database, or a database and a serving role
    /// that are somebody else's.
    pub(super) fn require_possible(&self, site: &Site) -> Outcome {
        let (owner, serving) = (site.role(Part::Owner), site.role(Part::Serving));
        if self.version_number < OLDEST_SUPPORTED {
            let sentence =
                format!("the server is PostgreSQL {}, and Authority needs 13 or higher", self.version);
            return Err(Failure::saying(sentence)
                .with_fix("upgrade the server, or name a newer one in DATABASE_URL".to_owned()));
        }
        if self.in_recovery {
            return Err(Failure::saying("the server is a read-only replica")
                .with_fix("name the primary in DATABASE_URL".to_owned()));
        }
        if let Some(role) = self.serving.as_ref().filter(|role| role.superuser || role.acts_as_owner) {
            let power =
                if role.superuser { "is a superuser" } else { "may act as the owner of the database" };
            let fix = if role.superuser {
                format!("ALTER ROLE {} NOSUPERUSER", crate::quote::identifier(serving))
            } else {
                let (owner, serving) = (crate::quote::identifier(owner), crate::quote::identifier(serving));
                format!("REVOKE {owner} FROM {serving}")
            };
            let sentence = format!("the role {serving:?}, which is to serve requests, {power}");
            return Err(Failure::saying(sentence)
                .with_fix(format!("name another role in AUTHORITY_SERVING_ROLE; or as a superuser: {fix}")));
        }
        match &self.database {
            Some(database) if !database.is_ours => Err(foreign(site.database(), &database.owner, owner)),
            _ => Ok(()),
        }
    }
}

fn membership(version_number: i32) -> &'static str {
    if version_number >= FINER_MEMBERSHIP { "SET" } else { "MEMBER" }
}

fn foreign(database: &str, its_owner: &str, owner: &str) -> Failure {
    let quote = crate::quote::identifier;
    Failure::saying(format!("database {database:?} belongs to the role {its_owner:?}, not to {owner:?}")).with_fix(
        format!(
            "name that role or another database in DATABASE_URL; or as {its_owner} or a superuser: ALTER DATABASE {} \
             OWNER TO {};",
            quote(database),
            quote(owner)
        ),
    )
}

async fn role(
    connection: &mut PgConnection,
    site: &Site,
    part: Part,
    version_number: i32,
) -> sqlx::Result<Option<Role>> {
    let sql = format!(
        "SELECT r.rolcanlogin, r.rolsuper,
                me.rolsuper OR {administrable} AS administrable,
                pg_has_role(current_user, r.oid, '{member}') AS mine,
                coalesce(pg_has_role(r.oid, owner.oid, 'MEMBER'), false) AS acts_as_owner
         FROM pg_catalog.pg_roles r
         JOIN pg_catalog.pg_roles me ON me.rolname = current_user
         LEFT JOIN pg_catalog.pg_roles owner ON owner.rolname = {owner}
         WHERE r.rolname = {role}",
        administrable = if version_number >= FINER_MEMBERSHIP {
            "me.rolcreaterole AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')"
        } else {
            "me.rolcreaterole AND NOT r.rolsuper"
        },
        member = membership(version_number),
        owner = literal(site.role(Part::Owner)),
        role = literal(site.role(part)),
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(connection).await?;
    let read = |row: sqlx::postgres::PgRow| {
        Ok(Role {
            can_log_in: row.try_get("rolcanlogin")?,
            superuser: row.try_get("rolsuper")?,
            administrable: row.try_get("administrable")?,
            mine: row.try_get("mine")?,
            acts_as_owner: row.try_get("acts_as_owner")?,
        })
    };
    row.map(read).transpose()
}

async fn database(connection: &mut PgConnection, site: &Site) -> sqlx::Result<Option<ExistingDatabase>> {
    // That a superuser may do everything does not make everything its own.
    let sql = format!(
        "SELECT pg_get_userbyid(d.datdba)::text AS owner,
                coalesce(o.oid = d.datdba OR NOT o.rolsuper AND pg_has_role(o.oid, d.datdba, 'USAGE'), false) AS is_ours
         FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_roles o ON o.rolname = {owner}
         WHERE d.datname = {database}",
        owner = literal(site.role(Part::Owner)),
        database = literal(site.database()),
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(connection).await?;
    row.map(|row| Ok(ExistingDatabase { owner: row.try_get("owner")?, is_ours: row.try_get("is_ours")? }))
        .transpose()
}
