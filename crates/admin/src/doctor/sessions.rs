//! Whether anybody keeps the server from its work.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::check::{Check, Group, Look, Verdict};
use super::facts::Facts;
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::{identifier, literal};

pub(super) const GROUP: Group = Group {
    title: "Sessions",
    checks: &[
        Check {
            id: "long-transactions",
            finds: "transactions older than --max-transaction-age, which keep vacuum from cleaning up",
            well: "no transaction is old",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/long-transactions.sql"), long),
        },
        Check {
            id: "idle-in-transaction",
            finds: "sessions that have been idle within a transaction for longer than --max-transaction-age",
            well: "no session sits idle in a transaction",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/idle-in-transaction.sql"), idle),
        },
        Check {
            id: "prepared-transactions",
            finds: "prepared transactions older than --max-transaction-age, which outlive even a restart",
            well: "no prepared transaction was forgotten",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/prepared-transactions.sql"), prepared),
        },
        Check {
            id: "replication-slots",
            finds: "replication slots that nobody reads, or that are more than 1 GB behind: they fill the disk with WAL",
            well: "no replication slot holds back WAL",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/replication-slots.sql"), slots),
        },
        Check {
            id: "old-row-versions",
            finds: "transactions of other databases, slots and replicas that have rows of over 1000000 transactions kept",
            well: "nobody else has old row versions kept",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/old-row-versions.sql"), old_row_versions),
        },
        Check {
            id: "connections-in-use",
            finds: "nine tenths of the server's connections are in use",
            well: "the server has connections left",
            needs: &[VERSION],
            look: Look::Ask(include_str!("sql/connections-in-use.sql"), in_use),
        },
    ],
};

fn long(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    sessions(facts, rows, "has been in one transaction")
}

fn idle(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    sessions(facts, rows, "has been idle in a transaction")
}

fn sessions(facts: &Facts, rows: &[PgRow], what: &str) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        let seconds: i64 = row.try_get("seconds")?;
        if seconds < facts.arrival.args.max_transaction_age {
            continue;
        }
        let pid: i32 = row.try_get("pid")?;
        let (role, application): (String, String) = (row.try_get("role")?, row.try_get("application")?);
        let application =
            if application.is_empty() { "a program without a name".to_owned() } else { application };
        let message = format!("{what} for {} ({application}, role {role})", duration(seconds));
        symptoms.push(
            Symptom::warning(format!("server process {pid}"), message)
                .fix(format!("SELECT pg_terminate_backend({pid});")),
        );
    }
    if !facts.session.sees_sessions {
        symptoms.push(other_sessions(facts));
    }
    Ok(Verdict::Found(symptoms))
}

fn other_sessions(facts: &Facts) -> Symptom {
    let fix = format!("GRANT pg_read_all_stats TO {};", identifier(&facts.session.role));
    Symptom::hidden("sessions of other roles").fix(fix)
}

fn prepared(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        let seconds: i64 = row.try_get("seconds")?;
        if seconds < facts.arrival.args.max_transaction_age {
            continue;
        }
        let (name, owner): (String, String) = (row.try_get("gid")?, row.try_get("owner")?);
        let fix = format!("ROLLBACK PREPARED {};", literal(&name));
        let message = format!(
            "was prepared {} ago by {owner}, and holds its locks until it is ended",
            duration(seconds)
        );
        symptoms.push(Symptom::warning(name, message).fix(fix));
    }
    Ok(Verdict::Found(symptoms))
}

fn slots(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let symptom = |row: &PgRow| -> sqlx::Result<Symptom> {
        let (name, active): (String, bool) = (row.try_get("slot")?, row.try_get("active")?);
        let (held, state): (i64, String) = (row.try_get("held")?, row.try_get("state")?);
        let who = if active { "its reader is behind" } else { "nobody reads it" };
        let message = format!("holds back {} MB of WAL ({state}): {who}", held >> 20);
        let fix = if active {
            "find out why the replica is slow: SELECT * FROM pg_stat_replication;".to_owned()
        } else {
            format!("SELECT pg_drop_replication_slot({});", literal(&name))
        };
        Ok(Symptom::warning(name, message).fix(fix))
    };
    rows.iter().map(symptom).collect()
}

fn old_row_versions(facts: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let mut symptoms = Vec::new();
    for row in rows {
        let (kind, name, age): (&str, String, i64) =
            (row.try_get("kind")?, row.try_get("name")?, row.try_get("age")?);
        let database: Option<String> = row.try_get("database")?;
        let database = database.unwrap_or_default();
        let (subject, what, fix) = match kind {
            "transaction" => (
                format!("server process {name}"),
                format!("a transaction in the database {database}"),
                format!("SELECT pg_terminate_backend({name});"),
            ),
            "prepared" => {
                let what = format!("a prepared transaction of the database {database}");
                let fix = format!("ROLLBACK PREPARED {}; in that database", literal(&name));
                (name, what, fix)
            }
            "slot" => {
                let fix = "end the long query on the replica, or set hot_standby_feedback = off there; if nobody \
                           reads the slot: ";
                let fix = format!("{fix}SELECT pg_drop_replication_slot({});", literal(&name));
                (name, "a replication slot".to_owned(), fix)
            }
            _ => {
                let fix =
                    "end the long query on the replica, or set hot_standby_feedback = off there".to_owned();
                (name, "a replica".to_owned(), fix)
            }
        };
        let message = format!(
            "{what} has the row versions of the last {age} transactions kept: tables grow, and refreshes and logins \
             have to write to every index"
        );
        symptoms.push(Symptom::warning(subject, message).fix(fix));
    }
    if !facts.session.sees_sessions {
        symptoms.push(other_sessions(facts));
    }
    Ok(Verdict::Found(symptoms))
}

fn in_use(_: &Facts, rows: &[PgRow]) -> sqlx::Result<Verdict> {
    let Some(row) = rows.first() else { return Ok(Verdict::well()) };
    let (used, usable): (i64, i64) = (row.try_get("used")?, row.try_get("usable")?);
    if used * 10 < usable * 9 {
        return Ok(Verdict::well());
    }
    let message = format!("{used} of the {usable} connections that are not reserved are in use");
    let fix = format!(
        "ALTER SYSTEM SET max_connections = {}; then restart the server; or put PgBouncer in front",
        usable * 2
    );
    Ok(Symptom::warning("max_connections", message).fix(fix).into())
}

fn duration(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
