//! What a run prints.

use std::time::Duration;

use anstream::{eprintln, println};
use anstyle::{AnsiColor, Style};
use authority_migration::runner::Event;
use similar::TextDiff;

use crate::Outcome;
use crate::context::Connected;

/// Each step that is done goes to standard output, each wait to standard error.
#[expect(clippy::needless_pass_by_value, reason = "the signature of an observer")]
pub(crate) fn observe(event: Event<'_>) {
    let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
    match event {
        Event::Applied { name, elapsed } => {
            println!("{green}applied{green:#}     {name:<44} {:>9}", time(elapsed));
        }
        Event::TakenBack { name, elapsed } => {
            println!("{green}taken back{green:#}  {name:<44} {:>9}", time(elapsed));
        }
        Event::Recreated { migrations, elapsed } => {
            let what = format!("everything, with {migrations} migrations in one transaction");
            println!("{green}recreated{green:#}   {what:<44} {:>9}", time(elapsed));
        }
        Event::Granted { role, tables: 0 } => {
            println!("{green}revoked{green:#}     default privileges of the role {role} on tables to come");
        }
        Event::Granted { role, tables } => {
            println!("{green}granted{green:#}     privileges of the role {role} on {tables} tables");
        }
        Event::LeftoverDropped { index } => {
            eprintln!("dropped the invalid index {index}, which an earlier run left behind");
        }
        Event::WaitingForRunner(holder) => eprintln!("waiting for another migration run: {holder}"),
        Event::Retrying { name, attempt, blockers } => {
            let held =
                blockers.iter().map(|blocker| format!("; locks are held by {blocker}")).collect::<Vec<_>>();
            eprintln!("{name} gave way after attempt {attempt} and will be tried again{}", held.concat());
        }
        _ => {}
    }
}

/// Lists the tables of the schema, each with the first sentence of its comment.
pub(crate) async fn tables(database: &Connected) -> Outcome {
    println!("\ntables of database {}:", database.name());
    for (name, comment) in database.tables().await? {
        println!("  {name:<22} {}", first_sentence(&comment));
    }
    Ok(())
}

/// What an applied migration and its edited form differ in, as a unified diff.
pub(super) fn difference(recorded: &str, current: &str) -> String {
    let diff = TextDiff::from_lines(recorded, current);
    diff.unified_diff().context_radius(2).header("as it was applied", "as it is now").to_string()
}

fn time(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(10) {
        return format!("{} ms", elapsed.as_millis());
    }
    format!("{:.1} s", elapsed.as_secs_f64())
}

fn first_sentence(text: &str) -> &str {
    let end = [". ", ", ", ": ", "; ", " ("].iter().filter_map(|end| text.find(end)).min();
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}
