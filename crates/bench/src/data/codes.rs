//! Authorization codes, which live for ten minutes and are good for one exchange: loaded before each run.

use std::ops::Range;

use authority_admin::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::types::Type;

use super::{CHALLENGE, Copy, Data, REDIRECT_URI, SCOPES};
use crate::credentials;
use crate::ground::Ground;

impl Data {
    /// Loads codes of an instant whose numbers are in the ranges. With a `secret`, all of them have that one.
    pub(crate) async fn copy_codes(
        &self,
        ground: &Ground,
        instant: DateTime<Utc>,
        numbers: &[Range<u64>],
        secret: Option<u64>,
    ) -> Outcome {
        let columns = [
            ("id", Type::UUID),
            ("digest", Type::BYTEA),
            ("client_id", Type::UUID),
            ("user_id", Type::UUID),
            ("session_id", Type::UUID),
            ("redirect_uri", Type::TEXT),
            ("scopes", Type::TEXT_ARRAY),
            ("code_challenge", Type::TEXT),
            ("code_challenge_method", Type::TEXT),
            ("nonce", Type::TEXT),
            ("auth_time", Type::TIMESTAMPTZ),
            ("issued_at", Type::TIMESTAMPTZ),
            ("expires_at", Type::TIMESTAMPTZ),
        ];
        let total = numbers.iter().map(|range| range.end - range.start).sum();
        let mut copy = Copy::into(ground, "authorization_codes", &columns, "codes", total).await?;
        let ends = instant + TimeDelta::minutes(10);
        for number in numbers.iter().cloned().flatten() {
            let id = credentials::id(instant, number);
            let code = credentials::code(id, secret.unwrap_or(number));
            copy.row(&[
                &id,
                &code.digest().octets(),
                &self.client_of(number).uuid(),
                &self.user_of(number).uuid(),
                &self.session_of(number).uuid(),
                &REDIRECT_URI,
                &&SCOPES[..],
                &CHALLENGE,
                &"S256",
                &"n-0S6_WzA2Mj",
                &self.instant,
                &instant,
                &ends,
            ])
            .await?;
        }
        copy.finish().await
    }
}
