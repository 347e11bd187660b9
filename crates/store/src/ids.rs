//! A type for the id of each table, so that none is taken for another.

use std::fmt;

use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// A `UUIDv7` (RFC 9562 section 5.7): its first 48 bits are the time at which it was made.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, of this time.
            #[must_use]
            pub fn new(now: DateTime<Utc>, random: &mut impl CryptoRng) -> Self {
                Self(uuid_v7(now, random))
            }

            /// The UUID, as it stands in the database.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        /// As `Display` shows it, and in the other forms of a UUID.
        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// `access_tokens.id`, the `jti` of a JWT (RFC 9068).
    AccessTokenId;
    /// `audit_logs.id`.
    AuditLogId;
    /// `authorization_codes.id`.
    AuthorizationCodeId;
    /// `clients.id`: the row, not the `client_id` that a client sends, which is a [`ClientIdentifier`](crate::ClientIdentifier).
    ClientId;
    /// `device_codes.id`.
    DeviceCodeId;
    /// `refresh_tokens.id`: a family of refresh tokens.
    RefreshTokenId;
    /// `sessions.id`: the row, not the `sid` that clients see.
    SessionId;
    /// `users.id`, the `sub` of tokens.
    UserId;
}

fn uuid_v7(now: DateTime<Utc>, random: &mut impl CryptoRng) -> Uuid {
    let mut octets = [0; 10];
    random.fill_bytes(&mut octets);
    // A time before 1970 has no place in a UUIDv7.
    let milliseconds = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &octets).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{ClientId, Uuid};

    #[test]
    fn an_id_is_understood_as_it_is_shown_and_nothing_else_is() {
        let id = ClientId::from(Uuid::from_u128(0x019a_c000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "app", "019ac000-0000-7000-8000-00000000000"] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
    }
}
