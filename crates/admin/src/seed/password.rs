use std::io::{IsTerminal, Read, stdin};

use authority_password::{MAX_CHARACTERS, Password};

use crate::{Failure, Outcome};

/// The longest input that could be a password: four octets a character, and the end of the line.
const MOST_OCTETS: u64 = MAX_CHARACTERS as u64 * 4 + 2;

/// The one line that stands in standard input, without its end.
pub(super) fn from_standard_input() -> Outcome<Password> {
    let input = stdin();
    if input.is_terminal() {
        return Err(Failure::wrong_usage(
            "--password-stdin reads from a file or pipe, and this is a terminal",
        )
        .with_fix("… --password-stdin < password-file".to_owned()));
    }
    let mut octets = Vec::new();
    input.take(MOST_OCTETS + 1).read_to_end(&mut octets).map_err(|error| Failure::new(&error))?;
    let wrong = |what: &str| {
        Failure::saying(format!("the password in standard input {what}"))
            .with_fix("put one line into it: … --password-stdin < password-file".to_owned())
    };
    if octets.len() as u64 > MOST_OCTETS {
        return Err(wrong("is too long"));
    }
    let text = String::from_utf8(octets).map_err(|_| wrong("is not valid UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line {
        "" => Err(wrong("is empty")),
        line if line.contains(['\n', '\r']) => Err(wrong("is more than one line")),
        line => Ok(Password::new(line)),
    }
}
