//! The kinds of credentials.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use uuid::Uuid;

use super::{LINEAGE, SECRET};
use crate::{AccessTokenId, AuthorizationCodeId, ClientId, DeviceCodeId, RefreshTokenId, SessionId};

/// What a credential is for. There are no kinds but those of this crate.
pub trait Kind: sealed::Sealed {
    /// The id of the row that it names.
    type Id: Copy + Debug + From<Uuid> + Into<Uuid>;
    /// What it is called.
    const NAME: &'static str;
    /// What its text begins with.
    const PREFIX: &'static str;
    /// Octets of its secret, lineage included.
    #[doc(hidden)]
    const SECRET_LENGTH: usize;

    /// A new id of this time.
    #[doc(hidden)]
    fn new_id(now: DateTime<Utc>, random: &mut impl CryptoRng) -> Self::Id;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $prefix:literal, $id:ty, $length:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl sealed::Sealed for $kind {}

        impl Kind for $kind {
            type Id = $id;
            const NAME: &'static str = $name;
            const PREFIX: &'static str = $prefix;
            const SECRET_LENGTH: usize = $length;

            fn new_id(now: DateTime<Utc>, random: &mut impl CryptoRng) -> $id {
                <$id>::new(now, random)
            }
        }

        impl From<$id> for Uuid {
            fn from(id: $id) -> Self {
                id.uuid()
            }
        }
    )*};
}

kinds! {
    /// The kind of an access token: `ath_at_`.
    Access, "AccessToken", "ath_at_", AccessTokenId, SECRET;
    /// The kind of a client secret: `ath_cs_`.
    Client, "ClientSecret", "ath_cs_", ClientId, SECRET;
    /// The kind of an authorization code: `ath_ac_`.
    Code, "AuthorizationCode", "ath_ac_", AuthorizationCodeId, SECRET;
    /// The kind of a device code: `ath_dc_`.
    Device, "DeviceCode", "ath_dc_", DeviceCodeId, SECRET;
    /// The kind of a refresh token: `ath_rt_`.
    Refresh, "RefreshToken", "ath_rt_", RefreshTokenId, LINEAGE + SECRET;
    /// The kind of what a session cookie holds: `ath_st_`.
    Session, "SessionToken", "ath_st_", SessionId, SECRET;
}
