use anstream::println;
use anstyle::{AnsiColor, Style};
use authority_migration::runner::{Runner, State, Status};
use clap::Args;
use sea_orm::prelude::DateTimeUtc;
use serde::Serialize;

use super::{explain, output};
use crate::context::Context;
use crate::{Failure, Outcome};

/// What `migrate status` is given.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 unless everything is applied and nothing was edited
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(context: &Context, args: &StatusArgs) -> Outcome {
    let database = context.database()?.connect().await?;
    let status = Runner::new(database.pool().clone()).status().await;
    let status = status.map_err(|error| explain(context, &error))?;
    if args.json {
        let json = serde_json::to_string_pretty(&Report::of(&status));
        println!("{}", json.map_err(|error| Failure::new(&error))?);
    } else {
        print(&status);
    }
    if args.check && !status.is_up_to_date() {
        return Err(Failure::saying(format!(
            "database {} is not up to date: {}",
            status.database,
            summary(&status)
        ))
        .with_fix(fix(context, &status)));
    }
    Ok(())
}

/// What makes it up to date. Pending migrations cannot be applied before others are as they were.
fn fix(context: &Context, status: &Status) -> String {
    let program = context.program();
    if status.steps.iter().any(|step| matches!(step.state, State::Edited { .. })) {
        "restore the edited migrations, and put the changes into new ones (cargo xtask migrate new NAME)"
            .to_owned()
    } else if status.steps.iter().any(|step| step.state == State::OutOfOrder) {
        "rename what is out of order so that it sorts last".to_owned()
    } else if status.unknown.iter().any(|unknown| !unknown.compatible) {
        "run a program that knows these migrations".to_owned()
    } else {
        format!("{program} migrate")
    }
}

fn print(status: &Status) {
    println!("database {}", status.database);
    for step in &status.steps {
        let (style, word) = label(&step.state);
        println!(
            "  {style}{word:<13}{style:#} {:<44} {}",
            step.name,
            applied_at(&step.state).unwrap_or_default()
        );
    }
    for unknown in &status.unknown {
        let (style, word) =
            if unknown.compatible { (Style::new(), "newer") } else { (colour(AnsiColor::Red), "unknown") };
        println!("  {style}{word:<13}{style:#} {}", unknown.name);
    }
    for step in &status.steps {
        if let State::Edited { recorded, current, .. } = &step.state {
            println!(
                "\n{} was edited after it was applied:\n{}",
                step.name,
                output::difference(recorded, current)
            );
        }
    }
    println!("{}", summary(status));
}

/// One line on how the database is doing.
fn summary(status: &Status) -> String {
    let count = |wanted: fn(&State) -> bool| status.steps.iter().filter(|step| wanted(&step.state)).count();
    let incompatible = status.unknown.iter().filter(|unknown| !unknown.compatible).count();
    let parts: Vec<String> = [
        (count(|state| matches!(state, State::Pending)), "pending"),
        (count(|state| matches!(state, State::OutOfOrder)), "out of order"),
        (count(|state| matches!(state, State::Edited { .. })), "edited"),
        (incompatible, "unknown and not declared compatible"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if !parts.is_empty() {
        return parts.join(", ");
    }
    if status.unknown.is_empty() {
        "up to date".to_owned()
    } else {
        "up to date, and newer than this program".to_owned()
    }
}

fn label(state: &State) -> (Style, &'static str) {
    match state {
        State::Applied(_) => (colour(AnsiColor::Green), "applied"),
        State::Unfingerprinted(_) => (colour(AnsiColor::Yellow), "unfingerprinted"),
        State::Pending => (colour(AnsiColor::Yellow), "pending"),
        State::OutOfOrder => (colour(AnsiColor::Red), "out of order"),
        State::Edited { .. } => (colour(AnsiColor::Red), "edited"),
    }
}

fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

fn applied_at(state: &State) -> Option<String> {
    let applied = match state {
        State::Applied(applied) | State::Unfingerprinted(applied) | State::Edited { applied, .. } => applied,
        State::Pending | State::OutOfOrder => return None,
    };
    DateTimeUtc::from_timestamp(applied.at, 0).map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The JSON form of a status.
#[derive(Serialize)]
struct Report<'a> {
    database: &'a str,
    up_to_date: bool,
    migrations: Vec<ReportedStep<'a>>,
}

#[derive(Serialize)]
struct ReportedStep<'a> {
    name: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
}

impl<'a> Report<'a> {
    fn of(status: &'a Status) -> Self {
        let known = status.steps.iter().map(|step| ReportedStep {
            name: &step.name,
            state: label(&step.state).1,
            applied_at: applied_at(&step.state),
            difference: match &step.state {
                State::Edited { recorded, current, .. } => Some(output::difference(recorded, current)),
                _ => None,
            },
        });
        let unknown = status.unknown.iter().map(|unknown| ReportedStep {
            name: &unknown.name,
            state: if unknown.compatible { "newer" } else { "unknown" },
            applied_at: None,
            difference: None,
        });
        Self {
            database: &status.database,
            up_to_date: status.is_up_to_date(),
            migrations: known.chain(unknown).collect(),
        }
    }
}
