use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as PhcError, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;

use crate::Password;
use crate::hash::{MEMORY, OUTPUT, PASSES};

/// What `bcrypt` looks at. Authority never hashed a longer password with it, and other software that did cut
/// the rest off, so that whoever knows the beginning would get in.
const BCRYPT_OCTETS: usize = 72;

/// The most costly hashes that are computed. A row that asks for more was not written by this software, and
/// would stop the service: 1 GiB, and about four seconds of `bcrypt`.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 64;
const MOST_BCRYPT_COST: u32 = 16;

/// What comparing a password with a stored hash says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is another password.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and the stored hash is `bcrypt`, another Argon2, or has weaker parameters than
    /// [`hash`](crate::hash()) uses now: now that the password is at hand, hash it again and store that.
    RightButOutdated,
}

/// Why a stored hash can be compared with no password at all. Holds nothing of it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum UnusableHash {
    /// Neither Argon2 nor `bcrypt` with the prefix `$2a$`, `$2b$` or `$2y$`.
    #[error("the stored password hash is neither Argon2 nor bcrypt")]
    UnknownAlgorithm,
    /// It is cut off or was changed.
    #[error("the stored password hash is damaged")]
    Malformed,
    /// It asks for more memory or time than a login may take.
    #[error("the stored password hash asks for more memory or time than a login may take")]
    TooExpensive,
}

/// Compares a password with a stored hash, in a time that does not depend on where they differ. Takes as long as
/// hashing: not for a thread that serves others.
///
/// Fails when what is stored is no hash that this software knows.
pub fn verify(password: &Password, stored: &str) -> Result<Verdict, UnusableHash> {
    if stored.starts_with("$argon2") {
        return argon2(password, stored);
    }
    if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)) {
        return bcrypt(password, stored);
    }
    Err(UnusableHash::UnknownAlgorithm)
}

fn argon2(password: &Password, stored: &str) -> Result<Verdict, UnusableHash> {
    let hash = PasswordHash::new(stored).map_err(|_| UnusableHash::Malformed)?;
    let algorithm: Algorithm =
        hash.algorithm.as_str().try_into().map_err(|_| UnusableHash::UnknownAlgorithm)?;
    let parameters = Params::try_from(&hash).map_err(|_| UnusableHash::Malformed)?;
    let output = hash.hash.ok_or(UnusableHash::Malformed)?;
    let (memory, passes, lanes) = (parameters.m_cost(), parameters.t_cost(), parameters.p_cost());
    if memory > MOST_MEMORY || passes > MOST_PASSES || lanes > MOST_LANES {
        return Err(UnusableHash::TooExpensive);
    }
    if password.is_too_long() {
        return Ok(Verdict::Wrong);
    }
    match Argon2::default().verify_password(password.normalized().as_bytes(), &hash) {
        Ok(()) => {}
        Err(PhcError::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(_) => return Err(UnusableHash::Malformed),
    }
    let current = algorithm == Algorithm::Argon2id
        && hash.version == Some(Version::V0x13.into())
        && memory >= MEMORY
        && passes >= PASSES
        && output.len() >= OUTPUT;
    Ok(if current { Verdict::Right } else { Verdict::RightButOutdated })
}

/// Without normalization: the software that made these hashes did none.
fn bcrypt(password: &Password, stored: &str) -> Result<Verdict, UnusableHash> {
    let parts: bcrypt::HashParts = stored.parse().map_err(|_| UnusableHash::Malformed)?;
    if parts.get_cost() > MOST_BCRYPT_COST {
        return Err(UnusableHash::TooExpensive);
    }
    if password.reveal().len() > BCRYPT_OCTETS {
        return Ok(Verdict::Wrong);
    }
    match bcrypt::verify(password.reveal(), stored) {
        Ok(true) => Ok(Verdict::RightButOutdated),
        Ok(false) => Ok(Verdict::Wrong),
        Err(_) => Err(UnusableHash::Malformed),
    }
}

#[cfg(test)]
mod tests;
