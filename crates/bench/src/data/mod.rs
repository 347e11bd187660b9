//! The data set: users with a session each, refresh families, access tokens, and the clients that hold them.

mod codes;
mod copy;
mod rows;

use anstream::eprintln;
use authority_admin::{Failure, Outcome};
use authority_maintenance::partitions::{Dated, TABLES};
use authority_store::{ClientId, SessionId, UserId};
use chrono::{DateTime, Days, TimeDelta, Utc};
use uuid::Uuid;

use crate::credentials;
use crate::ground::Ground;
use crate::time::now;
pub(crate) use copy::Copy;

/// Clients that hold the tokens.
pub(crate) const CLIENTS: u64 = 200;
/// Where every client wants its codes.
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// Who accepts the access tokens.
pub(crate) const AUDIENCE: &str = "https://api.example";
/// What was granted.
pub(crate) const SCOPES: [&str; 3] = ["openid", "profile", "email"];
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Partitions from yesterday to this many days ahead, as maintenance keeps them.
const DAYS_AHEAD: u64 = 7;

/// What was loaded. Rows are numbered from 0 in each table.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    /// When it was loaded.
    pub(crate) instant: DateTime<Utc>,
    pub(crate) users: u64,
    pub(crate) families: u64,
    pub(crate) access_tokens: u64,
}

/// Makes the partitions and loads everything; warm afterwards, analyzed and written to disk.
pub(crate) async fn load(ground: &Ground, access_tokens: u64) -> Outcome<Data> {
    let data = Data {
        instant: now() - TimeDelta::minutes(30),
        users: access_tokens / 10,
        families: access_tokens / 10 * 3,
        access_tokens,
    };
    ground.execute(data.partitions()).await?;
    // With its event of the audit trail, which belongs into a partition as well.
    ground.seed().await?;
    ground.execute(data.clients()).await?;
    data.copy_users(ground).await?;
    data.copy_sessions(ground).await?;
    data.copy_families(ground).await?;
    data.copy_access_tokens(ground, "access tokens", 0..data.access_tokens, None).await?;
    eprintln!("vacuuming, and writing everything to disk");
    ground.administer("VACUUM (FREEZE, ANALYZE)").await?;
    ground.administer("CHECKPOINT").await?;
    Ok(data)
}

impl Data {
    pub(crate) fn client_uuid(&self, number: u64) -> Uuid {
        credentials::id(self.instant, number)
    }

    /// The client of a family and of its tokens.
    pub(crate) fn client_of(&self, family: u64) -> ClientId {
        self.client_uuid(family % CLIENTS).into()
    }

    /// The user of a family.
    pub(crate) fn user_of(&self, family: u64) -> UserId {
        credentials::id(self.instant, family % self.users).into()
    }

    /// The session of a family.
    pub(crate) fn session_of(&self, family: u64) -> SessionId {
        credentials::id(self.instant, family % self.users).into()
    }

    /// A refresh family.
    pub(crate) fn family(&self, number: u64) -> Uuid {
        credentials::id(self.instant, number)
    }

    /// The instant in the id of an access token: half of them are of yesterday's partition.
    pub(crate) fn access_token_instant(&self, number: u64) -> DateTime<Utc> {
        let is_older = number % self.access_tokens < self.access_tokens / 2;
        if is_older { self.yesterday() } else { self.instant }
    }

    /// An access token.
    pub(crate) fn access_token(&self, number: u64) -> Uuid {
        credentials::id(self.access_token_instant(number), number)
    }

    /// An instant of yesterday.
    pub(crate) fn yesterday(&self) -> DateTime<Utc> {
        self.instant - TimeDelta::days(1)
    }

    /// The partitions that maintenance would have made by now.
    fn partitions(&self) -> String {
        let today = self.instant.date_naive();
        let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let last = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
        let of = |(table, period)| Dated::between(table, period, first, last);
        let creation = |Dated { table, name, from, to, .. }| {
            format!("CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{from}') TO ('{to}');")
        };
        TABLES.into_iter().flat_map(of).map(creation).collect()
    }

    /// Public clients that may do everything which is measured.
    fn clients(&self) -> String {
        let prefix = credentials::id_prefix(self.instant);
        let first = credentials::FIRST;
        format!(
            "INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris,
                                  allowed_scopes, grant_types)
             SELECT ('{prefix}' || ({first} + n))::uuid, 'client-' || n, 'Client ' || n, 'public', 'none',
                    '{{{REDIRECT_URI}}}', '{{{scopes},offline_access}}', '{{authorization_code,refresh_token}}'
             FROM generate_series(0, {CLIENTS}) AS n",
            scopes = SCOPES.join(",")
        )
    }

    /// The client that nobody uses until everything of it is revoked.
    pub(crate) fn large_client(&self) -> ClientId {
        self.client_uuid(CLIENTS).into()
    }
}

/// An error of the driver that copies.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err calls")]
pub(crate) fn driver(error: tokio_postgres::Error) -> Failure {
    Failure::new(&error)
}
