//! Whether the server is set up for a database that matters.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::identifier;
use crate::tune;

pub(super) const GROUP: Group = Group {
    title: "Settings",
    checks: &[
        Check {
            id: "durability",
            finds: "fsync, full_page_writes or synchronous_commit is off",
            well: "what was committed survives a crash",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/durability.sql"), durability),
        },
        Check {
            id: "autovacuum",
            finds: "autovacuum, or the statistics that it needs, is off: for the server or for a table",
            well: "autovacuum works on every table",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/autovacuum.sql"), autovacuum),
        },
        Check {
            id: "connection-limit",
            finds: "--instances times max_pool_size is more than the server, the database or the role admits",
            well: "the pools of all instances fit into the server's connections",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/connection-limit.sql"), connection_limit),
        },
        Check {
            id: "untuned-settings",
            finds: "settings that differ from what tune derives for this machine, where the server runs on it",
            well: "the settings suit the machine",
            needs: &[VERSION],
            look: Look::Ask(tune::QUESTION, untuned),
        },
        Check {
            id: "idle-in-transaction-timeout",
            finds: "the serving role's sessions may sit in a transaction for ever",
            well: "the server ends sessions that sit idle in a transaction",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/idle-in-transaction-timeout.sql"), idle_timeout),
        },
        Check {
            id: "lock-timeout",
            finds: "behind a pooler, the serving role's sessions may wait for a lock for ever",
            well: "no session that serves requests this way waits for a lock for ever",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/lock-timeout.sql"), lock_timeout),
        },
    ],
};

fn durability(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let name: String = row.try_get("name")?;
        let fix = format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();");
        Ok(match name.as_str() {
            "synchronous_commit" => {
                Symptom::warning(name, "is off: a crash forgets the last commits, revocations among them")
            }
            _ => Symptom::error(name, "is off: a crash can destroy the database"),
        }
        .fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn autovacuum(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let name: String = row.try_get("name")?;
        Ok(if row.try_get("is_table")? {
            let fix = format!("ALTER TABLE {} RESET (autovacuum_enabled);", identifier(&name));
            Symptom::warning(name, "is left out by autovacuum: its dead rows stay").fix(fix)
        } else {
            let fix = format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();");
            Symptom::error(name, "is off: dead rows stay, and in the end the server stops taking writes")
                .fix(fix)
        })
    };
    rows.iter().map(symptom).collect()
}

fn connection_limit(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    if facts.arrival.server.pooled {
        return Ok(Verdict::skipped(
            "a pooler holds the connections to the server: max_db_connections is its limit",
        ));
    }
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let (limit, of_server, reserved): (i64, i64, i64) =
        (row.try_get("limit")?, row.try_get("of_server")?, row.try_get("reserved")?);
    let instances = i64::from(facts.arrival.args.instances);
    let pool = i64::from(facts.arrival.config.pool_settings().max_pool_size);
    let wanted = instances * pool;
    if wanted <= limit {
        let message = format!("{instances} × {pool} connections of the pool fit into {limit}");
        return Ok(Symptom::ok(message).into());
    }
    let message =
        format!("{instances} × {pool} connections of the pool are {wanted}, and {limit} are to be had");
    let each = (limit / instances).max(1);
    let server = if limit == of_server {
        format!("ALTER SYSTEM SET max_connections = {}; and restart the server", wanted + reserved)
    } else {
        format!(
            "ALTER ROLE {} CONNECTION LIMIT {wanted}; ALTER DATABASE {} CONNECTION LIMIT {wanted};",
            identifier(&facts.session.role),
            identifier(facts.arrival.config.database())
        )
    };
    let fix = format!("max_pool_size={each} in DATABASE_URL, or {server}");
    Ok(Symptom::error("max_pool_size", message).fix(fix).into())
}

fn untuned(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let server = tune::Server::read(rows)?;
    if !facts.arrival.config.is_local() || facts.arrival.server.pooled || server.elsewhere {
        return Ok(Verdict::skipped("the memory of another machine cannot be seen from here"));
    }
    let Some(machine) = tune::this_machine_with(server.max_connections) else {
        return Ok(Verdict::skipped("no settings are known for this machine"));
    };
    let settings = tune::recommend(&machine);
    let live = server.beside(&settings);
    let differing: Vec<_> = settings
        .iter()
        .filter_map(|setting| Some((setting, live.get(setting.name).filter(|live| live.differs())?)))
        .map(|(setting, live)| format!("{} = {}, where {} suits", setting.name, live.value, setting.value))
        .collect();
    if differing.is_empty() {
        return Ok(Verdict::well());
    }
    let message = format!("{} of {} settings are not what suits {machine}", differing.len(), settings.len());
    Ok(Symptom::info("", message).evidence(differing.join("\n")).fix(facts.command("tune")).into())
}

fn idle_timeout(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let unlimited = rows.first().map(|row| row.try_get::<bool, _>("unlimited")).transpose()?.unwrap_or(false);
    if !unlimited {
        return Ok(Verdict::well());
    }
    let role =
        if facts.session.serving_role_exists { &facts.arrival.serving_role } else { &facts.session.role };
    let fix = format!("ALTER ROLE {} SET idle_in_transaction_session_timeout = '60s';", identifier(role));
    let message = "is 0: a session that was forgotten in a transaction keeps its locks for ever";
    Ok(Symptom::info("idle_in_transaction_session_timeout", message).fix(fix).into())
}

/// Elsewhere, a session of the serving pool begins with a limit of its own.
fn lock_timeout(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let unlimited = rows.first().map(|row| row.try_get::<bool, _>("unlimited")).transpose()?.unwrap_or(false);
    if !unlimited || !facts.arrival.server.pooled {
        return Ok(Verdict::well());
    }
    let role =
        if facts.session.serving_role_exists { &facts.arrival.serving_role } else { &facts.session.role };
    let fix = format!("ALTER ROLE {} SET lock_timeout = '2s';", identifier(role));
    let message =
        "is 0, as is statement_timeout: callers that wait for one row keep all connections of the pool";
    Ok(Symptom::info("lock_timeout", message).fix(fix).into())
}
