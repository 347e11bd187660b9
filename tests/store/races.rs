//! Many callers at one code, one refresh token, one client: exactly one wins, and nothing is lost or doubled.
//!
//! `AUTHORITY_RACE_ROUNDS` says how often; by default as often as takes a few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use authority_connection::Environment;
use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    AccessToken, Actor, AuthorizationCode, CodeVerifier, ExchangeRefusal, Inactive, IssueCode,
    PresentedAccessToken, RefreshToken, Revocation, RotateRefusal, Rotation, Store, system_random,
};
use tokio::sync::Barrier;

use super::with::challenge;
use super::world::{AUDIENCE, VERIFIER, World, exchange, rotate};

/// How many at once.
pub(crate) const CALLERS: usize = 64;

/// How often a race is run.
pub(crate) fn rounds(usual: usize) -> usize {
    let environment = Environment::from_process().expect("the environment can be read");
    let told = environment.get_os("AUTHORITY_RACE_ROUNDS");
    told.map_or(usual, |rounds| rounds.to_str().and_then(|text| text.parse().ok()).expect("a number"))
}

/// Callers exchange one code at once, and the winner refreshes at once: one wins, and nothing that it got stays.
pub(crate) async fn race_for_a_code(world: &mut World, callers: usize) {
    let code = Arc::new(world.code_for("openid offline_access").await);
    let start = Arc::new(Barrier::new(callers));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (access, refresh) = world.new_tokens();
            let (store, client, now) = (world.store.clone(), world.client, world.now);
            let (code, start) = (Arc::clone(&code), Arc::clone(&start));
            tokio::spawn(async move {
                let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
                let audience = [AUDIENCE.to_owned()];
                let request = exchange(&code, client, &verifier, &access, &refresh, &audience);
                let mut random = system_random();
                start.wait().await;
                let outcome = store.exchange_authorization_code(&request, now, &mut random).await;
                let outcome = outcome.expect("a database");
                let mut later = None;
                if outcome.is_ok() {
                    let successor = refresh.successor(&mut random);
                    let another = AccessToken::generate(now, &mut random);
                    let request = rotate(&refresh, &successor, client, &another, &audience);
                    let rotated = store.rotate_refresh_token(&request, now, &mut random).await;
                    match rotated.expect("a database") {
                        Ok(Rotation::Rotated(_)) => later = Some((another, successor)),
                        Err(RotateRefusal::Revoked) => {}
                        other => panic!("{other:?}"),
                    }
                }
                (outcome, access, refresh, later)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let (outcome, access, refresh, later) = task.await.expect("no panic");
        match outcome {
            Ok(_) => winners.push((access, refresh, later)),
            Err(refusal) => {
                assert_eq!(refusal, ExchangeRefusal::Replayed);
                assert_eq!(world.introspect(&access).await, Err(Inactive::Unknown));
            }
        }
    }
    let [(access, refresh, later)] = &*winners else { panic!("{} won", winners.len()) };
    assert_eq!(world.introspect(access).await.expect_err("replayed"), Inactive::Revoked);
    let (last, other) = later.as_ref().map_or((refresh, None), |(access, token)| (token, Some(access)));
    if let Some(access) = other {
        assert_eq!(world.introspect(access).await.expect_err("replayed"), Inactive::Family);
    }
    assert_eq!(world.rotate(last).await.0.expect_err("replayed"), RotateRefusal::Revoked);
}

/// Callers exchange one refresh token at once: one rotates it, and the others are given the same successor.
pub(crate) async fn race_for_a_refresh_token(
    world: &mut World,
    token: RefreshToken,
    callers: usize,
) -> RefreshToken {
    let token = Arc::new(token);
    let start = Arc::new(Barrier::new(callers));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (access, _) = world.new_tokens();
            let (store, client, now) = (world.store.clone(), world.client, world.now);
            let (token, start) = (Arc::clone(&token), Arc::clone(&start));
            tokio::spawn(async move {
                let mut random = system_random();
                let successor = token.successor(&mut random);
                let audience = [AUDIENCE.to_owned()];
                let request = rotate(&token, &successor, client, &access, &audience);
                start.wait().await;
                let outcome = store.rotate_refresh_token(&request, now, &mut random).await;
                match outcome.expect("a database").expect("no theft") {
                    Rotation::Rotated(_) => (true, successor, access),
                    Rotation::Repeated(_, successor) => (false, successor, access),
                }
            })
        })
        .collect();
    let (mut winners, mut successors, mut tokens) = (0, Vec::new(), Vec::new());
    for task in tasks {
        let (won, successor, access) = task.await.expect("no panic");
        winners += usize::from(won);
        successors.push(successor);
        tokens.push(access);
    }
    assert_eq!(winners, 1);
    let next = successors.pop().expect("callers");
    assert!(successors.iter().all(|successor| successor.digest() == next.digest()));
    let presented: Vec<_> = tokens.iter().map(PresentedAccessToken::Opaque).collect();
    let found = world.store.introspect_access_tokens(&presented, world.now).await.expect("a database");
    assert!(found.iter().all(Result::is_ok), "every access token is active");
    next
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_exchanges_of_one_code_one_succeeds_and_nothing_of_it_stays_active() {
    let mut world = World::with("max_pool_size=64").await;
    let rounds = rounds(12);
    for _ in 0..rounds {
        race_for_a_code(&mut world, CALLERS).await;
    }
    for (table, condition) in [
        ("refresh_tokens", "revocation_reason = 'code_replay'"),
        ("authorization_codes", "consumed_at IS NOT NULL"),
    ] {
        let sql = format!("SELECT count(*) FILTER (WHERE {condition}) || ' of ' || count(*) FROM {table}");
        assert_eq!(world.value(&sql).await, format!("{rounds} of {rounds}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_exchanges_of_one_refresh_token_one_rotates_and_all_get_the_same_successor() {
    let mut world = World::with("max_pool_size=64").await;
    let rounds = rounds(12);
    let mut token = world.family("openid offline_access").await;
    for _ in 0..rounds {
        token = race_for_a_refresh_token(&mut world, token, CALLERS).await;
    }
    let sql = "SELECT generation || ' ' || (revoked_at IS NULL) FROM refresh_tokens";
    assert_eq!(world.value(sql).await, format!("{rounds} true"));
    assert!(matches!(world.rotate(&token).await.0, Ok(Rotation::Rotated(_))));
}

/// The grants of a worker, from a code to refreshed tokens, until it is told to stop.
async fn grants(world: Shared, stage: Arc<AtomicU8>) -> Vec<(u8, u8, Vec<AccessToken>, RefreshToken)> {
    let Shared { store, client, user, now } = world;
    let mut random = system_random();
    let (audience, challenge, scopes) =
        ([AUDIENCE.to_owned()], challenge(), "openid offline_access".parse().expect("scopes"));
    let mut all = Vec::new();
    while stage.load(Ordering::SeqCst) < 3 {
        let code = AuthorizationCode::generate(now, &mut random);
        let request = IssueCode {
            code: &code,
            client,
            user,
            session: None,
            redirect_uri: Some(super::world::REDIRECT_URI),
            scopes: &scopes,
            resources: &[],
            authorization_details: None,
            code_challenge: Some(&challenge),
            nonce: None,
            auth_time: now,
            acr: None,
            amr: &[],
            requested_claims: None,
            dpop_jkt: None,
            audit: None,
        };
        let before = stage.load(Ordering::SeqCst);
        store.issue_authorization_code(&request, now).await.expect("a database").expect("a code");
        let after = stage.load(Ordering::SeqCst);
        let (access, mut refresh) =
            (AccessToken::generate(now, &mut random), RefreshToken::generate(now, &mut random));
        let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
        let request = exchange(&code, client, &verifier, &access, &refresh, &audience);
        match store.exchange_authorization_code(&request, now, &mut random).await.expect("a database") {
            Ok(_) => {}
            Err(ExchangeRefusal::Revoked) => continue,
            Err(other) => panic!("{other}"),
        }
        let mut tokens = vec![access];
        for _ in 0..3 {
            let access = AccessToken::generate(now, &mut random);
            let successor = refresh.successor(&mut random);
            let request = rotate(&refresh, &successor, client, &access, &audience);
            match store.rotate_refresh_token(&request, now, &mut random).await.expect("a database") {
                Ok(Rotation::Rotated(_)) => {}
                Err(RotateRefusal::Revoked) => break,
                other => panic!("{other:?}"),
            }
            tokens.push(access);
            refresh = successor;
        }
        all.push((before, after, tokens, refresh));
    }
    all
}

#[derive(Clone)]
struct Shared {
    store: Store,
    client: authority_store::ClientId,
    user: authority_store::UserId,
    now: chrono::DateTime<chrono::Utc>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_of_a_grant_that_began_before_a_mass_revocation_survives_it_however_late_it_is_returned() {
    let mut world = World::with("max_pool_size=16").await;
    let (mut dead, mut alive) = (0, 0);
    for round in 0..rounds(6) {
        let stage = Arc::new(AtomicU8::new(0));
        let shared =
            Shared { store: world.store.clone(), client: world.client, user: world.user, now: world.now };
        let workers: Vec<_> =
            (0..12).map(|_| tokio::spawn(grants(shared.clone(), Arc::clone(&stage)))).collect();
        let pause = |time| tokio::time::sleep(std::time::Duration::from_millis(time));
        pause(60).await;
        stage.store(1, Ordering::SeqCst);
        let (reason, actor) = (RevocationReason::Administrator, Actor::System);
        let revoked = if round % 2 == 0 {
            world.store.revoke_tokens_of_client(world.client, reason, actor, None, world.now).await
        } else {
            world.store.revoke_tokens_of_user(world.user, reason, actor, None, world.now).await
        };
        assert_eq!(revoked.expect("a database"), Revocation::Revoked);
        stage.store(2, Ordering::SeqCst);
        pause(60).await;
        stage.store(3, Ordering::SeqCst);
        for worker in workers {
            for (before, after, tokens, refresh) in worker.await.expect("no panic") {
                let presented: Vec<_> = tokens.iter().map(PresentedAccessToken::Opaque).collect();
                let found = world.store.introspect_access_tokens(&presented, world.now).await;
                let found = found.expect("a database");
                if after == 0 {
                    dead += found.len();
                    assert!(found.iter().all(Result::is_err), "a grant of before lives");
                    assert_eq!(world.rotate(&refresh).await.0.expect_err("revoked"), RotateRefusal::Revoked);
                } else if before >= 2 {
                    alive += found.len();
                    assert!(found.iter().all(Result::is_ok), "a grant of since is dead");
                }
            }
        }
    }
    assert!(dead > 0 && alive > 0, "the revocation came in the middle: {dead} and {alive}");
}
