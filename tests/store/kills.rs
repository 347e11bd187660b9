//! Backends of the server that die in the middle: nothing is lost, nothing doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_local_postgres::SUPERUSER;
use authority_store::{
    AccessToken, Actor, AnswerDeviceCode, Audit, AuthorizationCode, CreateSession, DeviceAnswer, DeviceCode,
    ExchangeDeviceCode, IssueDeviceCode, RefreshToken, Revocation, Rotation, Scopes, SessionId, SessionToken,
    UserCode, UserEpoch, UserId, system_random,
};
use macro_rules_attribute::apply;

use super::crowd::{Party, at_once, rounds};
use super::devices::{self, Device};
use super::world::{AUDIENCE, World};

/// How many workers there are, with a connection each.
const WORKERS: usize = 8;
/// How many times a worker refreshes what a code gave it.
const ROTATIONS: usize = 4;

/// Ends a random backend of the store again and again, until it is told to stop.
async fn kill(world: &World, stop: &AtomicBool) -> usize {
    let pool = world.database.pool_as(SUPERUSER).await;
    let sql = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
               WHERE datname = current_database() AND usename = 'authority_app'
               ORDER BY state <> 'active', random() LIMIT 1";
    let mut killed = 0;
    while !stop.load(Ordering::Relaxed) {
        killed += crate::support::column(&pool, sql).await.len();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    killed
}

/// The same call until it has an answer. (As a function over closures its future could not be spawned.)
macro_rules! insist {
    ($repeated:expr, $call:expr) => {{
        let mut tries = 0..1000;
        loop {
            match $call.await {
                Ok(outcome) => break outcome,
                Err(error) if error.is_transient() && tries.next().is_some() => {
                    $repeated.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("{error}: {error:?}"),
            }
        }
    }};
}

/// Somebody who works on whatever happens to the server.
struct Worker {
    party: Party,
    session: SessionId,
    epoch: UserEpoch,
    /// A user of whom everything is revoked again and again.
    suspect: UserId,
    /// How often this caller had to call again.
    repeated: Arc<AtomicUsize>,
}

impl Worker {
    fn audit(&self) -> Audit {
        Audit::new(self.party.now, &mut system_random())
    }

    fn tokens(&self) -> (AccessToken, RefreshToken) {
        let (now, mut random) = (self.party.now, system_random());
        (AccessToken::generate(now, &mut random), RefreshToken::generate(now, &mut random))
    }

    /// From a code to a token that was refreshed.
    async fn refreshes(&self) -> RefreshToken {
        let (party, repeated) = (&self.party, &self.repeated);
        let code = AuthorizationCode::generate(party.now, &mut system_random());
        let audit = self.audit();
        insist!(repeated, party.issue(&code, Some(&audit))).expect("a code");
        let (access, mut refresh) = self.tokens();
        let audit = self.audit();
        insist!(repeated, party.exchange(&code, (&access, &refresh), Some(&audit))).expect("tokens");
        for _ in 0..ROTATIONS {
            let (access, successor) = (self.tokens().0, refresh.successor(&mut system_random()));
            let audit = self.audit();
            let outcome = insist!(repeated, party.rotate(&refresh, (&access, &successor), Some(&audit)));
            assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
            refresh = successor;
        }
        refresh
    }

    /// From a device code to its tokens.
    async fn connects_a_device(&self) -> RefreshToken {
        let (Party { store, client, user, now }, repeated) = (&self.party, &self.repeated);
        let mut random = system_random();
        let tv = Device {
            code: DeviceCode::generate(*now, &mut random),
            user_code: UserCode::generate(&mut random),
        };
        let scopes: Scopes = "openid offline_access".parse().expect("scopes");
        let audit = self.audit();
        let request = IssueDeviceCode { audit: Some(&audit), ..devices::issue(*client, &tv, &scopes) };
        insist!(repeated, store.issue_device_code(&request, *now)).expect("a device code");
        let audit = self.audit();
        let request = AnswerDeviceCode {
            id: tv.id(),
            user_code: tv.user_code,
            user: *user,
            session: self.session,
            answer: DeviceAnswer::Approve(None),
            audit: Some(&audit),
        };
        insist!(repeated, store.answer_device_code(&request, *now)).expect("an approval");
        let ((access, refresh), audience, audit) = (self.tokens(), [AUDIENCE.to_owned()], self.audit());
        let request = ExchangeDeviceCode {
            audit: Some(&audit),
            ..devices::polling(*client, &tv, &access, &refresh, &audience)
        };
        insist!(repeated, store.exchange_device_code(&request, *now, &mut random)).expect("tokens");
        refresh
    }

    /// A login, and a revocation of everything of somebody.
    async fn signs_in_and_revokes(&self) {
        let (Party { store, user, now, .. }, repeated) = (&self.party, &self.repeated);
        let token = SessionToken::generate(*now, &mut system_random());
        let (sid, audit) = (token.id().to_string(), self.audit());
        let request = CreateSession {
            token: &token,
            sid: &sid,
            user: *user,
            epoch: self.epoch,
            auth_time: *now,
            acr: None,
            amr: &[],
            address: None,
            user_agent: None,
            device: None,
            audit: Some(&audit),
        };
        insist!(repeated, store.create_session(&request, *now)).expect("a session");
        let (reason, audit) = (RevocationReason::Administrator, self.audit());
        let revoke = || store.revoke_tokens_of_user(self.suspect, reason, Actor::System, Some(&audit), *now);
        assert_eq!(insist!(repeated, revoke()), Revocation::Revoked);
    }
}

#[apply(both_ways)]
async fn backends_that_die_at_random_lose_nothing_and_double_nothing() {
    let mut world = devices::world_with("max_pool_size=8&retry_delay=0.05&retry_attempts=20").await;
    let suspect = UserId::new(world.now, &mut world.random);
    world
        .sql(&format!(
            "INSERT INTO users (id, username, email) VALUES ('{suspect}', 'bob', 'bob@example.com')"
        ))
        .await;
    let (rounds, epoch, session) = (rounds(6), world.epoch().await, world.session);
    let (stop, repeated) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let work = async {
        let families = at_once(WORKERS, |_| {
            let (party, repeated) = (world.party(), Arc::clone(&repeated));
            let worker = Worker { party, session, epoch, suspect, repeated };
            async move {
                let mut families = Vec::new();
                for _ in 0..rounds {
                    families.extend([worker.refreshes().await, worker.connects_a_device().await]);
                    worker.signs_in_and_revokes().await;
                }
                families
            }
        })
        .await;
        stop.store(true, Ordering::Relaxed);
        families
    };
    let (families, killed) = tokio::join!(work, kill(&world, &stop));
    assert!(killed > 10, "backends died: {killed}");
    let repeated = repeated.load(Ordering::Relaxed);
    let all = WORKERS * rounds;
    for (what, sql, wanted) in [
        ("codes", "SELECT count(*) FROM authorization_codes WHERE consumed_at IS NOT NULL", all),
        ("device codes", "SELECT count(*) FROM device_codes WHERE status = 'exchanged'", all),
        ("families", "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL", 2 * all),
        ("rotations", "SELECT sum(generation) FROM refresh_tokens", ROTATIONS * all),
        (
            "access tokens",
            "SELECT count(*) FROM access_tokens WHERE revoked_at IS NULL",
            (2 + ROTATIONS) * all,
        ),
        ("sessions", "SELECT count(*) FROM sessions WHERE revoked_at IS NULL", 1 + all),
        ("revocations", "SELECT revocation_epoch FROM users WHERE username = 'bob'", all),
        ("events", "SELECT count(*) FROM audit_logs", (7 + ROTATIONS) * all),
        ("successes", "SELECT count(*) FROM audit_logs WHERE outcome = 'success'", (7 + ROTATIONS) * all),
    ] {
        let found = world.value(sql).await;
        assert_eq!(
            found,
            wanted.to_string(),
            "{what}; {killed} killed, {repeated} calls repeated by callers"
        );
    }
    for token in families.iter().flatten() {
        let found = world.store.introspect_refresh_token(token, world.now).await.expect("a database");
        assert!(found.is_ok(), "{found:?}");
    }
    eprintln!("{all} times everything, {killed} backends killed, {repeated} calls repeated by their caller");
}
