//! The rotation beside what servers do that have a row for each token: a transaction of single statements.
//!
//! The schema is that of a server of this kind in production (matrix-authentication-service): tokens in plain text,
//! unique; foreign keys, each with an index; UUIDs in the order of time. It does less than the store: it looks
//! neither at the client nor at the user nor at lifetimes, and writes no audit event.

use std::collections::HashMap;
use std::time::Duration;

use authority_admin::{Failure, Outcome};
use chrono::TimeDelta;
use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use super::rotate::{Quarter, Rotators, Terms};
use crate::caller::{Caller, Length, drive};
use crate::contest::{Contest, Run, compare};
use crate::credentials::{self, FIRST};
use crate::data::Data;
use crate::far;
use crate::ground::{CONNECTIONS, Ground, Way};
use crate::observed;
use crate::report::{Report, Row};
use crate::time::now;

const SCHEMA: &str = "
CREATE TABLE baseline_sessions (
    id uuid PRIMARY KEY, user_id uuid NOT NULL, client_id uuid NOT NULL, scope text NOT NULL,
    created_at timestamptz NOT NULL, finished_at timestamptz
);
CREATE TABLE baseline_access_tokens (
    id uuid PRIMARY KEY, session_id uuid NOT NULL REFERENCES baseline_sessions, access_token text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL, expires_at timestamptz, revoked_at timestamptz
);
CREATE TABLE baseline_refresh_tokens (
    id uuid PRIMARY KEY, session_id uuid NOT NULL REFERENCES baseline_sessions,
    access_token_id uuid REFERENCES baseline_access_tokens ON DELETE SET NULL, refresh_token text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL, consumed_at timestamptz, revoked_at timestamptz
);
CREATE INDEX ON baseline_access_tokens (session_id);
CREATE INDEX ON baseline_refresh_tokens (session_id);
CREATE INDEX ON baseline_refresh_tokens (access_token_id);
GRANT SELECT, INSERT, UPDATE ON baseline_sessions, baseline_access_tokens, baseline_refresh_tokens TO authority_app;
";

const FIND: &str = "SELECT r.id, r.session_id, r.access_token_id, r.consumed_at, r.revoked_at, s.scope
FROM baseline_refresh_tokens r JOIN baseline_sessions s ON s.id = r.session_id WHERE r.refresh_token = $1";
const CONSUME: &str = "UPDATE baseline_refresh_tokens SET consumed_at = $2 WHERE id = $1";
const INSERT_ACCESS: &str =
    "INSERT INTO baseline_access_tokens (id, session_id, access_token, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5)";
const INSERT_REFRESH: &str =
    "INSERT INTO baseline_refresh_tokens (id, session_id, access_token_id, refresh_token, created_at)
VALUES ($1, $2, $3, $4, $5)";

/// From one row to the next, as the callers of the store have it.
const STEP: u64 = 7919;

struct Baseline {
    pool: PgPool,
    first: u64,
    share: u64,
    done: u64,
    tokens: HashMap<u64, String>,
    random: StdRng,
}

impl Caller for Baseline {
    async fn call(&mut self) -> Outcome {
        let number = self.first + self.done * STEP % self.share;
        self.done += 1;
        let token = self.tokens.remove(&number).unwrap_or_else(|| first_token(number));
        let next = self.rotate(&token).await.map_err(|error| Failure::new(&error))?;
        self.tokens.insert(number, next);
        Ok(())
    }
}

impl Baseline {
    async fn rotate(&mut self, token: &str) -> Result<String, sqlx::Error> {
        let now = now();
        let mut ids = [0_u8; 20];
        self.random.fill(&mut ids);
        let milliseconds = now.timestamp_millis().unsigned_abs();
        let id = |random: &[u8]| {
            let mut octets = [0; 10];
            octets.copy_from_slice(random);
            uuid::Builder::from_unix_timestamp_millis(milliseconds, &octets).into_uuid()
        };
        let (access_id, refresh_id) = (id(&ids[..10]), id(&ids[10..]));
        let (access, next) = (self.token("mat_"), self.token("mar_"));
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query_as::<_, (Uuid, Uuid)>(FIND).bind(token).fetch_one(&mut *transaction).await?;
        let (old, session) = row;
        sqlx::query(CONSUME).bind(old).bind(now).execute(&mut *transaction).await?;
        sqlx::query(INSERT_ACCESS)
            .bind(access_id)
            .bind(session)
            .bind(access)
            .bind(now)
            .bind(now + TimeDelta::hours(1))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(INSERT_REFRESH)
            .bind(refresh_id)
            .bind(session)
            .bind(access_id)
            .bind(&next)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(next)
    }

    fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}{:032x}{:032x}", self.random.random::<u128>(), self.random.random::<u128>())
    }
}

struct RowPerToken<'a> {
    ground: &'a Ground,
    rotators: Rotators,
    baselines: Vec<Baseline>,
    length: Duration,
}

impl RowPerToken<'_> {
    /// Both sides over new connections.
    async fn on(mut self, terms: Terms) -> Outcome<Self> {
        let pool = self.ground.sqlx(terms.way).await?;
        for baseline in &mut self.baselines {
            baseline.pool = pool.clone();
        }
        let rotators = self.rotators.on(self.ground, terms).await?;
        Ok(Self { rotators, ..self })
    }
}

impl Contest for RowPerToken<'_> {
    async fn store(&mut self) -> Outcome<Run> {
        self.rotators.run(self.ground, Length::Time(self.length)).await
    }

    async fn other(&mut self) -> Outcome<Run> {
        let baselines = std::mem::take(&mut self.baselines);
        let (run, baselines) = drive(self.ground, baselines, Length::Time(self.length)).await?;
        self.baselines = baselines;
        Ok(run)
    }
}

pub(super) async fn measure(
    ground: &Ground,
    data: &Data,
    pairs: u32,
    length: Duration,
    report: &mut Report,
) -> Outcome {
    load(ground, data).await?;
    let port = far::open(ground.socket())?;
    let trip = far::round_trip(&ground.sqlx(Way::Port(port)).await?).await?.shown(2).to_string();
    let near = far::round_trip(&ground.sqlx(Way::Socket).await?).await?.shown(2).to_string();
    let socket = Terms { way: Way::Socket, audits: true };
    let like_for_like = Terms { audits: false, ..socket };
    let away = Terms { way: Way::Port(port), ..like_for_like };
    let beside = "a row per token, sqlx";
    let comparisons = [
        (socket, "rotate, with its audit event", beside.to_owned()),
        (like_for_like, "rotate, without an audit event", beside.to_owned()),
        (away, "rotate, without an audit event, over a network", format!("{beside}, over the same network")),
    ];

    let share = data.families / CONNECTIONS as u64;
    let pool = ground.sqlx(Way::Socket).await?;
    let baseline = |caller| Baseline {
        pool: pool.clone(),
        first: caller * share,
        share,
        done: 0,
        tokens: HashMap::new(),
        random: credentials::random("baseline", caller),
    };
    let mut contest = RowPerToken {
        ground,
        rotators: Rotators::new(ground, data, Quarter::Second, socket).await?,
        baselines: (0..CONNECTIONS as u64).map(baseline).collect(),
        length,
    };
    for (terms, operation, other) in comparisons {
        contest = contest.on(terms).await?;
        let compared = compare(&format!("{operation}, beside a row per token"), &mut contest, pairs).await?;
        report.add(Row { operation: operation.to_owned(), other, aim: 3.0, compared, observed: None });
    }
    report.fact(
        "A round trip of `SELECT 1` through sqlx",
        format!("{trip} ms over that network, which is a proxy that delays each direction; {near} ms through the socket"),
    );

    observed::log_everything(ground, true).await?;
    let mut one = contest.baselines.remove(0);
    one.pool = ground.sqlx(Way::Socket).await?;
    let observed = observed::observe(ground, "row per token", one).await?;
    observed::log_everything(ground, false).await?;
    let costs = format!(
        "{:.0} statements, {:.0} round trips and {:.0} octets of WAL for each rotation",
        observed.statements, observed.round_trips, observed.wal
    );
    report.fact("The row-per-token transaction", costs);
    Ok(())
}

async fn load(ground: &Ground, data: &Data) -> Outcome {
    let id = format!("('{}' || ({FIRST} + n))::uuid", credentials::id_prefix(data.instant));
    let families = data.families;
    let secret = |kind: &str| format!("'{kind}' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex')");
    let (access, refresh) = (secret("mat_"), secret("mar_"));
    ground.execute(SCHEMA).await?;
    ground
        .execute(format!(
            "INSERT INTO baseline_sessions SELECT {id}, {id}, {id}, 'openid profile email', now()
             FROM generate_series(0, {families} - 1) AS n;
             INSERT INTO baseline_access_tokens SELECT {id}, {id}, {access}, now(), now() + interval '1 hour'
             FROM generate_series(0, {families} - 1) AS n;
             INSERT INTO baseline_refresh_tokens SELECT {id}, {id}, {id}, {refresh}, now()
             FROM generate_series(0, {families} - 1) AS n"
        ))
        .await?;
    ground
        .execute("VACUUM ANALYZE baseline_sessions, baseline_access_tokens, baseline_refresh_tokens")
        .await?;
    ground.administer("CHECKPOINT").await
}

/// The token that a row was loaded with.
fn first_token(number: u64) -> String {
    let digest = Sha256::digest(number.to_string());
    digest.iter().fold("mar_".to_owned(), |text, octet| format!("{text}{octet:02x}"))
}
