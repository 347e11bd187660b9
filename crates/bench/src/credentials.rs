//! Ids and secrets of numbered rows, so that a token can be presented that nobody stored.
//!
//! An id is a `UUIDv7` whose last twelve digits are the row's number in decimal: `pgbench` can compute numbers, and
//! SQL makes an id of a number by putting it behind a constant. A secret comes out of a generator that is seeded with
//! the row's kind and number.

use authority_store::{AccessToken, AuthorizationCode, Kind, RefreshToken, SessionToken, Token};
use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand::rngs::StdRng;
use uuid::Uuid;

/// What the numbers begin with, so that all of them have twelve digits.
pub(crate) const FIRST: u64 = 100_000_000_000;

/// The seed of all data.
const SEED: u64 = 0x41_7468_6f72_6974;

/// The id of row `number` among those of one instant.
pub(crate) fn id(instant: DateTime<Utc>, number: u64) -> Uuid {
    let text = format!("{}{}", id_prefix(instant), FIRST + number);
    text.parse().unwrap_or_default()
}

/// What the ids of an instant have in common: all but the last twelve digits.
pub(crate) fn id_prefix(instant: DateTime<Utc>) -> String {
    let milliseconds = instant.timestamp_millis();
    format!("{:08x}-{:04x}-7000-8000-", milliseconds >> 16, milliseconds & 0xffff)
}

/// The randomness that belongs to a name and a number.
pub(crate) fn random(name: &str, number: u64) -> StdRng {
    let name = name.bytes().fold(SEED, |seed, octet| seed.rotate_left(9) ^ u64::from(octet));
    StdRng::seed_from_u64(name.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number)
}

pub(crate) fn access_token(id: Uuid, number: u64) -> AccessToken {
    token(id, number)
}

pub(crate) fn refresh_token(id: Uuid, number: u64) -> RefreshToken {
    token(id, number)
}

pub(crate) fn session_token(id: Uuid, number: u64) -> SessionToken {
    token(id, number)
}

pub(crate) fn code(id: Uuid, number: u64) -> AuthorizationCode {
    token(id, number)
}

fn token<K: Kind>(id: Uuid, number: u64) -> Token<K> {
    Token::for_id(id.into(), &mut random(K::NAME, number))
}

#[cfg(test)]
mod tests {
    use super::{access_token, id, id_prefix};
    use crate::time::now;

    #[test]
    fn a_number_behind_the_prefix_is_the_id() {
        let instant = now();
        let one = id(instant, 7);
        assert_eq!(one.to_string(), format!("{}100000000007", id_prefix(instant)));
        assert_eq!(one.get_version_num(), 7);
    }

    #[test]
    fn a_number_has_one_secret_and_another_number_another() {
        let id = id(now(), 1);
        let digest = |number| access_token(id, number).digest();
        assert_eq!(digest(1), digest(1));
        assert_ne!(digest(1), digest(2));
    }
}
