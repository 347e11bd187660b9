use std::fmt;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

use crate::Password;

/// Memory in KiB (OWASP Password Storage Cheat Sheet, Argon2id).
pub(crate) const MEMORY: u32 = 19 * 1024;
/// Passes over the memory.
pub(crate) const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Octets of the result.
pub(crate) const OUTPUT: usize = 32;

/// What is stored instead of a password: a PHC string with algorithm, parameters, salt and hash.
///
/// It has no `Display`, and its `Debug` is `[hidden]`: whoever has it can try passwords at home.
#[derive(Clone)]
pub struct HashedPassword(String);

/// Why a password could not be hashed. Holds nothing of it.
#[derive(Debug, Error)]
pub enum HashError {
    /// It is longer than [`MAX_CHARACTERS`](crate::MAX_CHARACTERS), so [`verify`](crate::verify()) would refuse it.
    #[error("the password is too long")]
    TooLong,
    /// The operating system gave no salt, or no memory.
    #[error("the password cannot be hashed")]
    Hasher(#[source] argon2::password_hash::Error),
    /// The parameters of this crate are not accepted by the library.
    #[error("the password cannot be hashed")]
    Parameters(#[source] argon2::Error),
}

impl HashedPassword {
    /// The PHC string, for the column that holds it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HashedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

/// Hashes a password with Argon2id (RFC 9106), 19 MiB of memory, two passes, one lane and a random salt of 16
/// octets. Takes some tens of milliseconds, by intent: not for a thread that serves others.
///
/// Fails when the password is too long, or when the operating system has no salt or no memory to give.
pub fn hash(password: &Password) -> Result<HashedPassword, HashError> {
    if password.is_too_long() {
        return Err(HashError::TooLong);
    }
    let parameters = Params::new(MEMORY, PASSES, LANES, Some(OUTPUT)).map_err(HashError::Parameters)?;
    let argon2id = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let phc = argon2id.hash_password(password.normalized().as_bytes()).map_err(HashError::Hasher)?;
    Ok(HashedPassword(phc.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{HashError, hash};
    use crate::{MAX_CHARACTERS, Password};

    #[test]
    fn the_phc_string_says_argon2id_with_the_parameters_of_owasp() {
        let hashed = hash(&Password::new("vivid otter drums on marble")).expect("a hash");
        let start = "$argon2id$v=19$m=19456,t=2,p=1$";
        let rest = hashed.reveal().strip_prefix(start).expect(start);
        let (salt, output) = rest.split_once('$').expect("a salt and a hash");
        // Unpadded base64 of 16 and of 32 octets.
        assert_eq!((salt.len(), output.len()), (22, 43));
    }

    #[test]
    fn the_same_password_has_another_salt_each_time() {
        let password = Password::new("vivid otter drums on marble");
        assert_ne!(hash(&password).expect("a hash").reveal(), hash(&password).expect("a hash").reveal());
    }

    #[test]
    fn one_that_could_not_be_verified_is_not_hashed() {
        let outcome = hash(&Password::new("x".repeat(MAX_CHARACTERS + 1)));
        assert!(matches!(outcome, Err(HashError::TooLong)), "{outcome:?}");
    }

    #[test]
    fn debug_hides_it() {
        let hashed = hash(&Password::new("vivid otter drums on marble")).expect("a hash");
        assert_eq!(format!("{hashed:?}"), "[hidden]");
    }
}
