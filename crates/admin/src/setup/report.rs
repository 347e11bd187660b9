//! What `setup` prints.

use std::io::{self, Write};

use anstream::println;
use anstyle::{AnsiColor, Style};

use super::password::NewPassword;

use super::site::{Part, Site};

/// One line on something that was done.
pub(super) fn say((verb, what): (&'static str, String)) {
    let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let padding = " ".repeat(12_usize.saturating_sub(verb.len()));
    println!("{green}{verb}{green:#}{padding}{what}");
}

/// Passwords that nobody has seen yet, to the last octet: what cannot be shown must not be set.
///
/// Fails when standard output does.
pub(super) fn passwords(site: &Site, passwords: &[(Part, NewPassword)]) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    for (part, new) in passwords.iter().filter(|(_, new)| new.generated) {
        writeln!(
            out,
            "{:<12}password of the role {}: {}",
            "generated",
            site.role(*part),
            new.password.reveal()
        )?;
    }
    out.flush()
}

/// The addresses to use from now on. A password is shown if it was generated, for nobody knows it yet.
pub(super) fn addresses(site: &Site) {
    let address = |part| {
        let config = site.config(part);
        if site.is_generated(part) { config.to_url() } else { config.url_without_password() }
    };
    println!("\nfor migrations and maintenance, as the owner:\n  DATABASE_URL={}", address(Part::Owner));
    println!(
        "for Authority itself, as the role that serves requests:\n  DATABASE_URL={}",
        address(Part::Serving)
    );
    if site.has_generated_passwords() {
        println!("the passwords in these addresses were generated now; keep them, they are not shown again");
    }
}
