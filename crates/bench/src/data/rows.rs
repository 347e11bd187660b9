//! The rows of each table.

use std::ops::Range;

use authority_admin::Outcome;
use authority_store::ClientId;
use chrono::TimeDelta;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{AUDIENCE, Copy, Data, SCOPES};
use crate::credentials;
use crate::ground::Ground;

impl Data {
    pub(super) async fn copy_users(&self, ground: &Ground) -> Outcome {
        let columns = [("id", Type::UUID), ("username", Type::TEXT), ("email", Type::TEXT)];
        let mut copy = Copy::into(ground, "users", &columns, "users", self.users).await?;
        for number in 0..self.users {
            let id = self.user_of(number).uuid();
            let (name, email) = (format!("user-{number}"), format!("user-{number}@example.com"));
            copy.row(&[&id, &name, &email]).await?;
        }
        copy.finish().await
    }

    pub(super) async fn copy_sessions(&self, ground: &Ground) -> Outcome {
        let columns = [
            ("id", Type::UUID),
            ("digest", Type::BYTEA),
            ("sid", Type::TEXT),
            ("user_id", Type::UUID),
            ("auth_time", Type::TIMESTAMPTZ),
            ("created_at", Type::TIMESTAMPTZ),
            ("last_active_at", Type::TIMESTAMPTZ),
            ("idle_expires_at", Type::TIMESTAMPTZ),
            ("expires_at", Type::TIMESTAMPTZ),
        ];
        let mut copy = Copy::into(ground, "sessions", &columns, "sessions", self.users).await?;
        let ends = self.instant + TimeDelta::days(7);
        for number in 0..self.users {
            let id = self.session_of(number).uuid();
            let digest = credentials::session_token(id, number).digest();
            let began = &self.instant;
            copy.row(&[
                &id,
                &digest.octets(),
                &format!("sid-{number}"),
                &self.user_of(number).uuid(),
                began,
                began,
                began,
                &ends,
                &ends,
            ])
            .await?;
        }
        copy.finish().await
    }

    pub(super) async fn copy_families(&self, ground: &Ground) -> Outcome {
        let columns = [
            ("id", Type::UUID),
            ("digest", Type::BYTEA),
            ("lineage_digest", Type::BYTEA),
            ("client_id", Type::UUID),
            ("user_id", Type::UUID),
            ("session_id", Type::UUID),
            ("scopes", Type::TEXT_ARRAY),
            ("auth_time", Type::TIMESTAMPTZ),
            ("issued_at", Type::TIMESTAMPTZ),
            ("idle_expires_at", Type::TIMESTAMPTZ),
            ("expires_at", Type::TIMESTAMPTZ),
        ];
        let mut copy =
            Copy::into(ground, "refresh_tokens", &columns, "refresh families", self.families).await?;
        let ends = self.instant + TimeDelta::days(30);
        for number in 0..self.families {
            let id = self.family(number);
            let token = credentials::refresh_token(id, self.secret_of_family(number));
            copy.row(&[
                &id,
                &token.digest().octets(),
                &token.lineage_digest().octets(),
                &self.client_of(number).uuid(),
                &self.user_of(number).uuid(),
                &self.session_of(number).uuid(),
                &&SCOPES[..],
                &self.instant,
                &self.instant,
                &ends,
                &ends,
            ])
            .await?;
        }
        copy.finish().await
    }

    /// Access tokens of the families, or all of one client.
    pub(crate) async fn copy_access_tokens(
        &self,
        ground: &Ground,
        what: &'static str,
        numbers: Range<u64>,
        client: Option<ClientId>,
    ) -> Outcome {
        let columns = [
            ("id", Type::UUID),
            ("digest", Type::BYTEA),
            ("client_id", Type::UUID),
            ("user_id", Type::UUID),
            ("session_id", Type::UUID),
            ("refresh_token_id", Type::UUID),
            ("scopes", Type::TEXT_ARRAY),
            ("audience", Type::TEXT_ARRAY),
            ("issued_at", Type::TIMESTAMPTZ),
            ("expires_at", Type::TIMESTAMPTZ),
        ];
        let total = numbers.end - numbers.start;
        let mut copy = Copy::into(ground, "access_tokens", &columns, what, total).await?;
        let ends = self.instant + TimeDelta::hours(24);
        for number in numbers {
            let id = self.access_token(number);
            let family = number % self.families;
            let family_id: Option<Uuid> = client.is_none().then(|| self.family(family));
            copy.row(&[
                &id,
                &credentials::access_token(id, number).digest().octets(),
                &client.unwrap_or_else(|| self.client_of(family)).uuid(),
                &self.user_of(family).uuid(),
                &self.session_of(family).uuid(),
                &family_id,
                &&SCOPES[..],
                &&[AUDIENCE][..],
                &self.instant,
                &ends,
            ])
            .await?;
        }
        copy.finish().await
    }

    /// The families of the ceiling, which are the second half, all have one secret: the same statement then has the
    /// same parameters each time, but for the ids.
    pub(crate) fn secret_of_family(&self, number: u64) -> u64 {
        number.min(self.first_family_of_ceiling())
    }

    /// The families before this one are for the store, the others for the ceiling.
    pub(crate) fn first_family_of_ceiling(&self) -> u64 {
        self.families / 2
    }
}
