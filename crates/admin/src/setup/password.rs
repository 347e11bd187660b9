//! Passwords of roles: where they come from, and how they travel.

use std::io::{self, IsTerminal, stdin};
use std::sync::Once;
use std::thread;

use authority_connection::Password;
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};

/// Octets of a generated password; each becomes one character.
const LENGTH: usize = 32;
/// 64 characters that mean themselves in a URL, so that each octet gives six bits of chance.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A password that a role is to have.
pub(super) struct NewPassword {
    pub(super) password: Password,
    /// Nobody has seen it yet.
    pub(super) generated: bool,
}

impl NewPassword {
    /// What the server stores of it (RFC 5803), computed here: the password itself is neither sent nor logged.
    pub(super) fn verifier(&self) -> String {
        verifier(&self.password)
    }
}

/// The SCRAM-SHA-256 verifier of a password, with a new salt and as many iterations as PostgreSQL takes itself.
pub(super) fn verifier(password: &Password) -> String {
    postgres_protocol::password::scram_sha_256(password.reveal().as_bytes())
}

/// The given password; else one that a person types, twice; else, without a terminal or an answer, a generated one.
///
/// Fails when the terminal does, when the two answers differ, and when the system has no randomness.
pub(super) fn choose(role: &str, given: Option<&Password>) -> io::Result<NewPassword> {
    if let Some(password) = given {
        return Ok(NewPassword { password: password.clone(), generated: false });
    }
    if stdin().is_terminal() {
        restore_terminal_when_interrupted()?;
        return ask(role, rpassword::prompt_password);
    }
    generate()
}

/// While a password is typed, the terminal does not show it; whoever gives up then must get a terminal that does.
fn restore_terminal_when_interrupted() -> io::Result<()> {
    static WATCH: Once = Once::new();
    let before = tcgetattr(stdin())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    WATCH.call_once(|| {
        thread::spawn(move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
                // As the shell reports what SIGINT has ended.
                std::process::exit(130);
            }
        });
    });
    Ok(())
}

fn ask(role: &str, mut answer: impl FnMut(String) -> io::Result<String>) -> io::Result<NewPassword> {
    let first = answer(format!("New password of the role {role} (none: it is generated): "))?;
    if first.is_empty() {
        return generate();
    }
    if first != answer("The same again: ".to_owned())? {
        return Err(io::Error::other(format!("the two passwords for the role {role} differ")));
    }
    Ok(NewPassword { password: Password::new(first), generated: false })
}

fn generate() -> io::Result<NewPassword> {
    let mut octets = [0; LENGTH];
    getrandom::fill(&mut octets)?;
    let text: String = octets.iter().map(|octet| char::from(ALPHABET[usize::from(octet % 64)])).collect();
    Ok(NewPassword { password: Password::new(text), generated: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(answers: [&str; 2]) -> io::Result<NewPassword> {
        let mut answers = answers.into_iter();
        ask("ada", |_| Ok(answers.next().unwrap_or_default().to_owned()))
    }

    #[test]
    fn what_is_typed_twice_is_taken() {
        let new = answering(["hunter2", "hunter2"]).unwrap();
        assert_eq!((new.password.reveal(), new.generated), ("hunter2", false));
        let error = answering(["hunter2", "hunter3"]).err().unwrap();
        assert_eq!(error.to_string(), "the two passwords for the role ada differ");
    }

    #[test]
    fn no_answer_means_a_generated_password_and_no_two_are_equal() {
        let (one, another) = (answering(["", ""]).unwrap(), answering(["", ""]).unwrap());
        for new in [&one, &another] {
            assert!(new.generated);
            assert_eq!(new.password.reveal().len(), LENGTH);
            assert!(new.password.reveal().bytes().all(|octet| ALPHABET.contains(&octet)));
        }
        assert_ne!(one.password, another.password);
    }

    #[test]
    fn a_verifier_has_the_form_that_postgresql_stores() {
        let verifier = verifier(&Password::new("hunter2"));
        let rest = verifier.strip_prefix("SCRAM-SHA-256$4096:").unwrap();
        let (salt, keys) = rest.split_once('$').unwrap();
        let (stored, server) = keys.split_once(':').unwrap();
        assert_eq!([salt.len(), stored.len(), server.len()], [24, 44, 44]);
        assert_ne!(verifier, super::verifier(&Password::new("hunter2")));
    }
}
