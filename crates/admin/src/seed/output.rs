//! What a seed prints.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use authority_seed::{AdminOutcome, Names, Report, Skipped};
use serde_json::{Value, json};

/// More names than these are only counted.
const MOST_NAMES: usize = 8;

/// Prints the report to standard output, to the last octet.
///
/// Fails when standard output does.
pub(super) fn print(database: &str, report: &Report, as_json: bool) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if as_json {
        writeln!(out, "{:#}", json(database, report))?;
    } else {
        words(&mut out, database, report)?;
    }
    out.flush()
}

fn words(out: &mut impl Write, database: &str, report: &Report) -> io::Result<()> {
    let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let yellow = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
    let made = format!("{green}made{green:#}    ");
    let kept = "kept    ";
    writeln!(out, "database {database}")?;
    let (label, username, email) = match &report.admin {
        AdminOutcome::Made { username, email, .. } => (made.as_str(), username, email),
        AdminOutcome::Kept { username, email, .. } => (kept, username, email),
    };
    writeln!(out, "{label} administrator {username} <{email}>")?;
    for (Names { made: new, kept: old }, one, many) in
        [(&report.scopes, "scope", "scopes"), (&report.settings, "setting", "settings")]
    {
        for (label, names) in [(made.as_str(), new), (kept, old)] {
            match names.len() {
                0 => {}
                1 => writeln!(out, "{label} 1 {one}: {}", names.join(", "))?,
                count @ ..=MOST_NAMES => writeln!(out, "{label} {count} {many}: {}", names.join(", "))?,
                count => writeln!(out, "{label} {count} {many}")?,
            }
        }
    }
    for skipped in &report.skipped {
        writeln!(out, "{yellow}skipped{yellow:#}  {}", reason(skipped))?;
    }
    if let AdminOutcome::Made { username, generated_password: Some(password), .. } = &report.admin {
        let bold = Style::new().bold();
        writeln!(out, "\npassword of {username}, shown this once, to be changed at the first login:")?;
        writeln!(out, "  {bold}{}{bold:#}", password.reveal())?;
    }
    Ok(())
}

fn reason(skipped: &Skipped) -> String {
    match skipped {
        Skipped::Setting { key, variable } => {
            format!("{variable}: the setting {key} has another value, which is kept")
        }
        Skipped::Password => "the password: the administrator has one, which is kept".to_owned(),
        Skipped::AdminName => {
            "the administrator asked for: there is a super administrator of another name or address"
                .to_owned()
        }
    }
}

fn json(database: &str, report: &Report) -> Value {
    let admin = match &report.admin {
        AdminOutcome::Made { id, username, email, generated_password } => {
            let mut admin = json!({
                "outcome": "made",
                "id": id.to_string(),
                "username": username,
                "email": email,
                "must_change_password": generated_password.is_some(),
            });
            if let Some(password) = generated_password {
                admin["generated_password"] = password.reveal().into();
            }
            admin
        }
        AdminOutcome::Kept { id, username, email } => {
            json!({ "outcome": "kept", "id": id.to_string(), "username": username, "email": email })
        }
    };
    let skipped = report.skipped.iter().map(|skipped| {
        let mut what = match skipped {
            Skipped::Setting { key, variable } => json!({ "setting": key, "variable": variable }),
            Skipped::Password => json!({ "admin": "password" }),
            Skipped::AdminName => json!({ "admin": "name" }),
        };
        what["reason"] = reason(skipped).into();
        what
    });
    json!({
        "database": database,
        "changed": report.has_changes(),
        "admin": admin,
        "scopes": { "made": report.scopes.made, "kept": report.scopes.kept },
        "settings": { "made": report.settings.made, "kept": report.settings.kept },
        "skipped": skipped.collect::<Vec<_>>(),
    })
}
