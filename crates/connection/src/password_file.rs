//! The password file of libpq (PostgreSQL manual, "The Password File").

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::{Host, Password};

/// What came of looking into a password file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The first line that fits gave this.
    Found(Password),
    /// There is no file, or no line of it fits.
    Nothing,
    /// Others than its owner may read it: libpq ignores such a file, and so do we.
    Exposed,
}

/// Looks for the password of a user of a database at a host. Only the first matching line counts.
pub(crate) fn look_up(path: &Path, host: &Host, database: &str, user: &str) -> Lookup {
    let Ok(metadata) = std::fs::metadata(path) else { return Lookup::Nothing };
    if !metadata.is_file() {
        return Lookup::Nothing;
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Lookup::Exposed;
    }
    let Ok(content) = std::fs::read_to_string(path) else { return Lookup::Nothing };
    let password = content.lines().find_map(|line| password_of(line, host, database, user));
    password.map_or(Lookup::Nothing, |password| Lookup::Found(Password::new(password)))
}

/// `hostname:port:database:username:password`, where `*` fits anything and a backslash escapes `:` and itself.
fn password_of(line: &str, host: &Host, database: &str, user: &str) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    let mut field = || {
        let (field, after) = next_field(rest)?;
        rest = after;
        Some(field)
    };
    let fits = |field: &str, value: &str| field == "*" || field == value;
    let at = field()?;
    // A socket is called `localhost` by those who did not say in which directory it lies.
    let is_socket = host.socket_file().is_some();
    let host_fits = fits(&at, &host.name()) || is_socket && at == "localhost";
    let port_fits = fits(&field()?, &host.port().to_string());
    let database_fits = fits(&field()?, database);
    let user_fits = fits(&field()?, user);
    (host_fits && port_fits && database_fits && user_fits).then(|| unescape(rest))
}

fn next_field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ':' if !escaped => return Some((unescape(&text[..at]), &text[at + 1..])),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' { characters.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp() -> Host {
        Host::Tcp { name: "db.example".into(), port: 5432 }
    }

    #[test]
    fn fields_match_exactly_or_by_a_star() {
        let found = |line| password_of(line, &tcp(), "authority_db", "authority");
        assert_eq!(found("db.example:5432:authority_db:authority:s3cret"), Some("s3cret".into()));
        assert_eq!(found("*:*:*:*:s3cret "), Some("s3cret ".into()));
        assert_eq!(found(r"*:*:*:*:a\:b\\c:d"), Some(r"a:b\c:d".into()));
        assert_eq!(found("db.example:5433:authority_db:authority:s3cret"), None);
        assert_eq!(found("#*:*:*:*:s3cret"), None);
        assert_eq!(found("too:few:fields"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_socket_is_also_called_localhost() {
        let socket = Host::Socket { directory: "/run/postgresql".into(), port: 5432 };
        assert_eq!(password_of("localhost:*:*:*:a", &socket, "d", "u"), Some("a".into()));
        assert_eq!(password_of("/run/postgresql:*:*:*:a", &socket, "d", "u"), Some("a".into()));
        assert_eq!(password_of("localhost:*:*:*:a", &tcp(), "d", "u"), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pgpass");
        assert_eq!(look_up(&path, &tcp(), "d", "u"), Lookup::Nothing);
        std::fs::write(&path, "*:*:*:u:first\n*:*:*:u:second\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(look_up(&path, &tcp(), "d", "u"), Lookup::Exposed);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(look_up(&path, &tcp(), "d", "u"), Lookup::Found(Password::new("first")));
        assert_eq!(look_up(&path, &tcp(), "d", "other"), Lookup::Nothing);
    }
}
