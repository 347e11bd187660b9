//! Passwords, compared on threads that serve nobody else.

use std::error::Error;
use std::sync::Arc;

use authority_entity::secret::PasswordHash;
use authority_password::{HashError, Password, Verdict, hash, verify};
use authority_store::ErrorCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::Sentence;
use crate::error::Failure;
use crate::random::unguessable;

/// How many are compared at the same time: each takes 19 MiB and a core, however many people sign in at once.
const AT_ONCE: usize = 4;

/// What compares passwords.
pub(crate) struct Passwords {
    /// The hash of a password that nobody has.
    nobody: Arc<str>,
    at_once: Arc<Semaphore>,
}

/// What a comparison says.
pub(crate) enum Checked {
    /// It is another password, or the account has none, or there is no account.
    Wrong,
    /// It is the password. Where the hash is outdated, there is another one to put in its place.
    Right { upgraded: Option<PasswordHash> },
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, HashError> {
        let nobody = hash(&Password::new(unguessable()))?;
        Ok(Self { nobody: nobody.reveal().into(), at_once: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Compares a password with what is stored. Where nothing is, it takes as long, so that the time does not tell
    /// who has an account.
    pub(crate) async fn check(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Checked, Failure> {
        let nobody = Arc::clone(&self.nobody);
        self.run(move || compare(&password, stored.as_ref(), &nobody)).await
    }

    /// Hashes a new password, unless it is one of these that the person had: then there is none.
    pub(crate) async fn hash_new(
        &self,
        password: Password,
        had: Vec<PasswordHash>,
    ) -> Result<Option<PasswordHash>, Failure> {
        let hashed = self.run(move || {
            let is_old = |old: &PasswordHash| {
                matches!(verify(&password, old.reveal()), Ok(Verdict::Right | Verdict::RightButOutdated))
            };
            if had.iter().any(is_old) { Ok(None) } else { hash(&password).map(Some) }
        });
        match hashed.await? {
            Ok(hashed) => Ok(hashed.map(|hashed| PasswordHash::new(hashed.reveal().to_owned()))),
            Err(error) => Err(broken(&error)),
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.map_err(|error| broken(&error))?;
        let done = spawn_blocking(move || {
            let outcome = work();
            // Held by the work, which goes on when whoever asked has gone.
            drop(permit);
            outcome
        });
        done.await.map_err(|error| broken(&error))
    }
}

fn broken(error: &(dyn Error + 'static)) -> Failure {
    tracing::error!("a password could not be hashed: {}", Sentence(error));
    Failure::new(ErrorCode::ServerError, "the password could not be hashed")
}

fn compare(password: &Password, stored: Option<&PasswordHash>, nobody: &str) -> Checked {
    let verdict = stored.map(|stored| verify(password, stored.reveal()));
    match verdict {
        Some(Ok(Verdict::Right)) => Checked::Right { upgraded: None },
        Some(Ok(Verdict::RightButOutdated)) => {
            let upgraded = hash(password).ok().map(|hashed| PasswordHash::new(hashed.reveal().to_owned()));
            Checked::Right { upgraded }
        }
        Some(Ok(Verdict::Wrong)) => Checked::Wrong,
        unusable => {
            if let Some(Err(error)) = unusable {
                tracing::error!("a stored password hash cannot be compared: {}", Sentence(&error));
            }
            let _ = verify(password, nobody);
            Checked::Wrong
        }
    }
}
