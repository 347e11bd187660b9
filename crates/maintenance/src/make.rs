//! Makes a dated partition, with the rows in it that came when there was none.
//!
//! `CREATE TABLE … PARTITION OF` would stop all traffic of the table (ACCESS EXCLUSIVE), and refuses when the default
//! partition holds a row of the range. So the partition is made as a table of its own, in its own time, with a CHECK
//! that says what its bounds will, and then attached:
//!
//! - A partition of the future that nobody writes to needs nothing but `ATTACH PARTITION`: SHARE UPDATE EXCLUSIVE on the
//!   table, and ACCESS EXCLUSIVE only on the default partition, which no statement by id then touches. Where the table
//!   has foreign keys, SHARE ROW EXCLUSIVE on what it refers to, for as long as it takes to attach.
//! - Where rows came already, or may at this moment, they are first *copied*, while traffic goes on. Then the table is
//!   locked, the copy is brought up to date with what changed meanwhile, the rows leave the default partition, and the
//!   new one is attached. The lock on the table itself is what keeps a statement from being planned before the new
//!   partition is there and running after the rows are in it, where it would not find them.
//!
//! A lock is waited for no longer than `lock_timeout`; then the attempt is taken back to a savepoint, traffic goes on, and
//! it is tried again. All of it is one transaction: who dies in it leaves nothing.

use std::ops::ControlFlow;

use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::catalog::{self, default_of};
use crate::error::{is_blocked, is_overtaken, objection};
use crate::partitions::Dated;
use crate::step::{Attempts, Begun, Ended, Work, blocker, execute};
use crate::{Done, Error, Report, Result, Task, Why};

/// The constraint that says what the bounds will say, so that attaching need not read the rows.
const RANGE_CHECK: &str = "ck_range_to_attach";

/// Makes the partition unless it is there. `in_use` says that its period has begun, so that rows may come for it at any
/// moment.
pub(crate) async fn make(
    work: &Work,
    dated: &Dated,
    in_use: bool,
    report: &mut Report,
) -> Result<ControlFlow<()>> {
    let mut step = match work.begin(dated.table).await? {
        Begun::Alone(step) => step,
        Begun::Elsewhere(holder) => return Ok(report.leave(dated.table, holder)),
    };
    let ended = in_step(&mut step, work, dated, in_use).await.map_err(Error::server);
    Ended::close(ended, step, Task::Make, &dated.name, report).await
}

async fn in_step(step: &mut PgConnection, work: &Work, dated: &Dated, in_use: bool) -> sqlx::Result<Ended> {
    let table = dated.table;
    if catalog::partitions(step, table).await?.iter().any(|one| one.range.covers(dated)) {
        return Ok(Ended::Nothing);
    }
    if is_taken(step, &dated.name).await? {
        return Ok(Ended::Late(Why::NameTaken));
    }
    let parts = Parts::read(step, dated).await?;
    let mut with_rows = in_use || parts.has_rows(step).await?;
    parts.create(step).await?;
    if with_rows {
        execute(step, &parts.copying).await?;
    }
    let attempts = Attempts::within(work.wait);
    loop {
        execute(step, "SAVEPOINT attempt").await?;
        let error = match parts.attach(step, with_rows).await {
            Ok(moved) => return Ok(Ended::Done(Done::Made { partition: dated.name.clone(), moved })),
            Err(error) => error,
        };
        if let Some(message) = objection(&error) {
            return Ok(Ended::Late(Why::Refused(message)));
        }
        if !is_blocked(&error) && (with_rows || !is_overtaken(&error)) {
            return Err(error);
        }
        with_rows |= is_overtaken(&error);
        execute(step, "ROLLBACK TO SAVEPOINT attempt").await?;
        let holder = blocker(step, table).await?;
        if !attempts.another().await {
            return Ok(Ended::Late(Why::Blocked(holder)));
        }
    }
}

/// How many rows of the default partition belong into it.
pub(crate) async fn rows(connection: &mut PgConnection, dated: &Dated) -> sqlx::Result<u64> {
    let default = default_of(dated.table);
    let sql = format!("SELECT count(*) AS rows FROM {default} WHERE id >= $1::uuid AND id < $2::uuid");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(&dated.from).bind(&dated.to).persistent(false);
    let rows: i64 = query.fetch_one(connection).await?.try_get("rows")?;
    Ok(rows.unsigned_abs())
}

/// Whether there is a relation of this name.
async fn is_taken(connection: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let query =
        sqlx::query("SELECT pg_catalog.to_regclass(format('public.%I', $1::text)) IS NOT NULL AS taken");
    query.bind(name).persistent(false).fetch_one(connection).await?.try_get("taken")
}

/// The statements about one partition. Its name and bounds come from [`Dated`], all other names from the catalog.
struct Parts {
    name: String,
    rows: String,
    creating: String,
    copying: String,
    locking: String,
    moving: [String; 3],
    attaching: String,
}

impl Parts {
    async fn read(connection: &mut PgConnection, dated: &Dated) -> sqlx::Result<Self> {
        let Dated { table, name, from, to, .. } = dated;
        let default = default_of(table);
        // Columns by name, as a migration may have added one to the tables in another order. The layout is that of the
        // default partition, which the migrations made.
        let sql = "SELECT (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                             FROM pg_catalog.pg_attribute
                            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '')
                              AS columns,
                          (SELECT coalesce('WITH (' || array_to_string(reloptions, ', ') || ')', '')
                             FROM pg_catalog.pg_class WHERE oid = $2::regclass) AS layout";
        let row =
            sqlx::query(sql).bind(*table).bind(&default).persistent(false).fetch_one(connection).await?;
        let (columns, layout): (String, String) = (row.try_get("columns")?, row.try_get("layout")?);
        let qualified = |alias: &str| {
            let all: Vec<_> = columns.split(", ").map(|column| format!("{alias}.{column}")).collect();
            all.join(", ")
        };
        let range = format!("id >= '{from}' AND id < '{to}'");
        let insert =
            format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {default} AS d WHERE {range}");
        Ok(Self {
            name: name.clone(),
            rows: format!("SELECT EXISTS (SELECT FROM {default} WHERE {range}) AS found"),
            creating: format!(
                "CREATE TABLE {name} (
                     LIKE {table} INCLUDING ALL EXCLUDING COMMENTS,
                     CONSTRAINT {RANGE_CHECK} CHECK (id IS NOT NULL AND {range})
                 ) {layout}"
            ),
            copying: insert.clone(),
            locking: format!("LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE"),
            moving: [
                format!(
                    "DELETE FROM {name} AS n WHERE NOT EXISTS (
                         SELECT FROM {default} AS d
                          WHERE d.id = n.id AND ({}) IS NOT DISTINCT FROM ({}))",
                    qualified("d"),
                    qualified("n")
                ),
                format!("{insert} AND NOT EXISTS (SELECT FROM {name} AS n WHERE n.id = d.id)"),
                format!("DELETE FROM {default} WHERE {range}"),
            ],
            attaching: format!(
                "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}');
                 ALTER TABLE {name} DROP CONSTRAINT {RANGE_CHECK}"
            ),
        })
    }

    async fn has_rows(&self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let rows = sqlx::query(AssertSqlSafe(self.rows.as_str())).persistent(false);
        rows.fetch_one(connection).await?.try_get("found")
    }

    /// Makes the table. It is the owner's alone: who may use the partitioned table reaches its rows through that one,
    /// so that no default privilege opens a way around it.
    async fn create(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        execute(connection, &self.creating).await?;
        let sql = "SELECT DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
                     FROM pg_catalog.pg_class c CROSS JOIN aclexplode(c.relacl) a
                     LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
                    WHERE c.oid = $1::regclass AND a.grantee <> c.relowner
                      AND (a.grantee = 0 OR r.oid IS NOT NULL)";
        let rows = sqlx::query(sql).bind(&self.name).persistent(false).fetch_all(&mut *connection).await?;
        for row in rows {
            let grantee: String = row.try_get("grantee")?;
            execute(connection, &format!("REVOKE ALL ON TABLE {} FROM {grantee}", self.name)).await?;
        }
        Ok(())
    }

    /// Attaches it, with the rows in it; how many that were.
    async fn attach(&self, connection: &mut PgConnection, with_rows: bool) -> sqlx::Result<u64> {
        let mut moved = 0;
        if with_rows {
            execute(connection, &self.locking).await?;
            for statement in &self.moving {
                moved = execute(connection, statement).await?;
            }
        }
        execute(connection, &self.attaching).await?;
        Ok(moved)
    }
}
