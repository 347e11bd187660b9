//! What a maintenance prints.

use anstream::println;
use anstyle::{AnsiColor, Style};
use authority_maintenance::{Done, Elsewhere, Holder, Overdue, Report, Task, Why};
use serde_json::{Value, json};

/// For people: a line for each thing.
pub(super) fn words(database: &str, report: &Report, is_preview: bool) {
    let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let yellow = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
    println!("database {database}");
    for done in &report.done {
        let (verb, what) = told(done, is_preview);
        println!("{green}{verb:<12}{green:#} {what}");
    }
    for Overdue { task, subject, why } in &report.overdue {
        println!("{yellow}{:<12}{yellow:#} to {} {subject}: {why}", "overdue", task.verb());
    }
    for Elsewhere { table, holder } in &report.elsewhere {
        let who = holder.as_ref().map_or_else(|| "another run".to_owned(), Holder::to_string);
        println!("{:<12} {table}: {who} is at it", "elsewhere");
    }
    for note in &report.notes {
        println!("{:<12} {note}", "note");
    }
    if report.done.is_empty() && report.overdue.is_empty() && report.elsewhere.is_empty() {
        println!("nothing to do");
    }
}

fn told(done: &Done, is_preview: bool) -> (&'static str, String) {
    let verb = |done, would| if is_preview { would } else { done };
    match done {
        Done::Made { partition, moved: 0 } => (verb("made", "would make"), partition.clone()),
        Done::Made { partition, moved } => (
            verb("made", "would make"),
            format!("{partition}, with {} from the default partition", rows(*moved)),
        ),
        Done::Dropped { partition } => (verb("dropped", "would drop"), partition.clone()),
        Done::Deleted { table, rows: count } => {
            (verb("deleted", "would delete"), format!("{} from {table}", rows(*count)))
        }
    }
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

/// For programs.
pub(super) fn json(database: &str, report: &Report, is_preview: bool) {
    let done = |done: &Done| match done {
        Done::Made { partition, moved } => {
            json!({ "action": "made", "partition": partition, "moved": moved })
        }
        Done::Dropped { partition } => json!({ "action": "dropped", "partition": partition }),
        Done::Deleted { table, rows } => json!({ "action": "deleted", "table": table, "rows": rows }),
    };
    let overdue = |Overdue { task, subject, why }: &Overdue| {
        let task = match task {
            Task::Make => "make",
            Task::Drop => "drop",
            Task::Delete => "delete",
        };
        let mut overdue = json!({ "task": task, "subject": subject, "reason": why.to_string() });
        if let Why::Blocked(Some(holder)) = why {
            overdue["holder"] = self::holder(holder);
        }
        overdue
    };
    let elsewhere = |Elsewhere { table, holder }: &Elsewhere| json!({ "table": table, "holder": holder.as_ref().map(self::holder) });
    let text = json!({
        "database": database,
        "dry_run": is_preview,
        "up_to_date": report.is_up_to_date(),
        "done": report.done.iter().map(done).collect::<Vec<_>>(),
        "overdue": report.overdue.iter().map(overdue).collect::<Vec<_>>(),
        "elsewhere": report.elsewhere.iter().map(elsewhere).collect::<Vec<_>>(),
        "notes": report.notes,
    });
    println!("{text:#}");
}

fn holder(holder: &Holder) -> Value {
    json!({ "pid": holder.pid, "application_name": holder.application_name, "role": holder.role })
}
