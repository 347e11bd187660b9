//! Whether the schema is the one that the migrations of this program make.

use authority_migration::runner::{Error, LEDGER_TABLE, State, Status};
use similar::TextDiff;

use super::check::{Check, Group, Look, Verdict};
use super::expected;
use super::facts::{Facts, Reading};
use super::finding::Symptom;
use super::requirements::VERSION;
use crate::quote::identifier;

pub(super) const GROUP: Group = Group {
    title: "Schema",
    checks: &[
        Check {
            id: LEDGER,
            finds: "the record of applied migrations cannot be read, or is another application's",
            well: "the record of applied migrations can be read",
            needs: &[VERSION],
            look: Look::Facts(ledger),
        },
        Check {
            id: PENDING,
            finds: "migrations that were not applied",
            well: "every migration was applied",
            needs: &[LEDGER],
            look: Look::Facts(pending),
        },
        Check {
            id: OUT_OF_ORDER,
            finds: "migrations that were not applied although newer ones were",
            well: "no migration was left out",
            needs: &[LEDGER],
            look: Look::Facts(out_of_order),
        },
        Check {
            id: EDITED,
            finds: "migrations that were edited after they were applied, with the difference",
            well: "every migration is as it was when it was applied",
            needs: &[LEDGER],
            look: Look::Facts(edited),
        },
        Check {
            id: UNKNOWN,
            finds: "applied migrations that this program does not know",
            well: "this program knows every migration that was applied",
            needs: &[LEDGER],
            look: Look::Facts(unknown),
        },
        Check {
            id: "migrations-unfingerprinted",
            finds: "migrations that another tool applied, so that an edit would not be noticed",
            well: "every applied migration has its fingerprint",
            needs: &[LEDGER],
            look: Look::Facts(unfingerprinted),
        },
        Check {
            id: TABLES,
            finds: "tables of Authority that do not exist",
            well: "every table exists",
            needs: &[VERSION],
            look: Look::Facts(tables),
        },
        Check {
            id: "schema-drift",
            finds: "whatever differs from the schema that the migrations make, grants and dated partitions apart",
            well: "the schema is the one that the migrations make",
            needs: &[PENDING, OUT_OF_ORDER, EDITED, UNKNOWN, TABLES],
            look: Look::Facts(drift),
        },
    ],
};

const LEDGER: &str = "migrations-ledger";
const PENDING: &str = "migrations-pending";
const OUT_OF_ORDER: &str = "migrations-out-of-order";
const EDITED: &str = "migrations-edited";
const UNKNOWN: &str = "migrations-unknown";
/// What every look into a table needs.
pub(super) const TABLES: &str = "tables";

fn ledger(facts: &Facts) -> Verdict {
    match &facts.status {
        Ok(_) => Verdict::well(),
        Err(Reading::Failed(Error::MayNotReadLedger { role, source })) => {
            let fix = format!("GRANT SELECT ON TABLE {} TO {};", identifier(LEDGER_TABLE), identifier(role));
            // Whom the database belongs to has to migrate it.
            if *role == facts.session.owner {
                let message = "cannot be read by the owner of the database, who therefore cannot migrate it";
                let words = source.as_database_error().map_or_else(String::new, |it| it.message().to_owned());
                return Symptom::error(LEDGER_TABLE, message).evidence(words).fix(fix).into();
            }
            Symptom::hidden("which migrations were applied").fix(fix).into()
        }
        Err(reading) => {
            let symptom = Symptom::error(LEDGER_TABLE, reading.reason());
            match reading {
                Reading::Failed(error) => match error.fix(facts.arrival.program) {
                    Some(fix) => symptom.fix(fix),
                    None => symptom,
                },
                Reading::TooLong => symptom,
            }
            .into()
        }
    }
}

fn pending(facts: &Facts) -> Verdict {
    let steps = with_state(facts, |state| *state == State::Pending);
    steps.map(|(name, _)| Symptom::error(name, "is pending").fix(facts.command("migrate"))).collect()
}

fn out_of_order(facts: &Facts) -> Verdict {
    let steps = with_state(facts, |state| *state == State::OutOfOrder);
    let fix = "give the migration a later date in its name, or restore the branch that the database was migrated from";
    steps
        .map(|(name, _)| Symptom::error(name, "was not applied, although newer migrations were").fix(fix))
        .collect()
}

fn edited(facts: &Facts) -> Verdict {
    let steps = with_state(facts, |state| matches!(state, State::Edited { .. }));
    let fix = "restore the file as it was applied, and put the change into a new migration";
    steps
        .map(|(name, state)| {
            let symptom = Symptom::error(name, "was edited after it was applied").fix(fix);
            match state {
                State::Edited { recorded, current, .. } => {
                    symptom.evidence(difference(recorded, current, "as it was applied", "as it is now"))
                }
                _ => symptom,
            }
        })
        .collect()
}

fn unknown(facts: &Facts) -> Verdict {
    let unknown = status(facts).into_iter().flat_map(|status| &status.unknown);
    unknown
        .map(|one| {
            if one.compatible {
                Symptom::info(&one.name, "is newer than this program, and declares that it keeps working")
            } else {
                Symptom::error(&one.name, "was applied, and this program neither knows it nor works with it")
                    .fix(
                        "use the version of this program that the database was migrated with, or a newer one",
                    )
            }
        })
        .collect()
}

fn unfingerprinted(facts: &Facts) -> Verdict {
    let steps = with_state(facts, |state| matches!(state, State::Unfingerprinted(_)));
    steps.map(|(name, _)| Symptom::info(name, "was applied by a tool that records no fingerprint")).collect()
}

fn tables(facts: &Facts) -> Verdict {
    let schema = match &facts.schema {
        Ok(schema) => schema,
        Err(reading) => {
            let message = "could not be read: somebody may hold a lock";
            return Symptom::warning("public", message).evidence(reading.reason()).blocking().into();
        }
    };
    let pending = status(facts).is_some_and(|status| status.pending().next().is_some());
    let fix = if pending {
        facts.command("migrate")
    } else {
        format!("somebody dropped it: {}", facts.command("restore FILE"))
    };
    let missing = expected::tables().filter(|name| schema.table(name).is_none());
    missing.map(|name| Symptom::error(name, "does not exist").fix(&fix)).collect()
}

fn drift(facts: &Facts) -> Verdict {
    if status(facts).is_some_and(|status| !status.unknown.is_empty()) {
        return Verdict::skipped("the database is newer than this program");
    }
    let Ok(schema) = &facts.schema else { return Verdict::skipped("the schema could not be read") };
    let actual = expected::documents(schema);
    let wanted = expected::expected();
    let fix = "change it back (- is missing, + is too much), or put the change into a migration";
    let mut symptoms = Vec::new();
    for (name, text) in &actual {
        match wanted.get(name.as_str()) {
            Some(expected) if expected == text => {}
            Some(expected) => {
                let lines = difference(expected, text, "as the migrations make it", "as it is");
                symptoms.push(
                    Symptom::error(name, "differs from what the migrations make").evidence(lines).fix(fix),
                );
            }
            None => {
                let message = "is not made by the migrations";
                symptoms.push(Symptom::warning(name, message).evidence(text.trim_end()).fix(fix));
            }
        }
    }
    let missing = wanted.iter().filter(|(name, _)| !actual.contains_key(**name));
    symptoms.extend(missing.map(|(name, text)| {
        Symptom::error(*name, "is made by the migrations, and missing here")
            .evidence(text.trim_end())
            .fix(fix)
    }));
    Verdict::Found(symptoms)
}

fn status(facts: &Facts) -> Option<&Status> {
    facts.status.as_ref().ok()
}

fn with_state(facts: &Facts, wanted: fn(&State) -> bool) -> impl Iterator<Item = (&str, &State)> {
    let steps = status(facts).into_iter().flat_map(|status| &status.steps);
    steps.filter(move |step| wanted(&step.state)).map(|step| (step.name.as_str(), &step.state))
}

/// The lines that differ, each with a line around it.
fn difference(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(1).header(old_name, new_name).to_string().trim_end().to_owned()
}
