//! Many callers at one code, one refresh token, one client: exactly one wins, and nothing is lost or doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    AccessToken, Actor, AuthorizationCode, ExchangeRefusal, Inactive, PresentedAccessToken, RefreshToken,
    Revocation, RotateRefusal, Rotation, system_random,
};
use macro_rules_attribute::apply;

use super::crowd::{CALLERS, Party, at_once, rounds};
use super::world::World;

/// Callers exchange one code at once, and the winner refreshes at once: one wins, and nothing that it got stays.
pub(crate) async fn race_for_a_code(world: &mut World, callers: usize) {
    let code = Arc::new(world.code_for("openid offline_access").await);
    let outcomes = at_once(callers, |_| {
        let (access, refresh) = world.new_tokens();
        let (party, code) = (world.party(), Arc::clone(&code));
        async move {
            let outcome = party.exchange(&code, (&access, &refresh), None).await.expect("a database");
            let mut later = None;
            if outcome.is_ok() {
                let mut random = system_random();
                let successor = refresh.successor(&mut random);
                let another = AccessToken::generate(party.now, &mut random);
                let rotated = party.rotate(&refresh, (&another, &successor), None).await;
                match rotated.expect("a database") {
                    Ok(Rotation::Rotated(_)) => later = Some((another, successor)),
                    Err(RotateRefusal::Revoked) => {}
                    other => panic!("{other:?}"),
                }
            }
            (outcome, access, refresh, later)
        }
    })
    .await;
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for (outcome, access, refresh, later) in outcomes {
        match outcome {
            Ok(_) => winners.push((access, refresh, later)),
            Err(refusal) => {
                assert_eq!(refusal, ExchangeRefusal::Replayed);
                losers.push(access);
            }
        }
    }
    let presented: Vec<_> = losers.iter().map(PresentedAccessToken::Opaque).collect();
    let found = world.store.introspect_access_tokens(&presented, world.now).await.expect("a database");
    assert!(found.iter().all(|found| *found == Err(Inactive::Unknown)), "{found:?}");
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
    let outcomes = at_once(callers, |_| {
        let (access, _) = world.new_tokens();
        let successor = token.successor(&mut world.random);
        let (party, token) = (world.party(), Arc::clone(&token));
        async move {
            let outcome = party.rotate(&token, (&access, &successor), None).await;
            match outcome.expect("a database").expect("no theft") {
                Rotation::Rotated(_) => (true, successor, access),
                Rotation::Repeated(_, successor) => (false, successor, access),
            }
        }
    })
    .await;
    let (mut winners, mut successors, mut tokens) = (0, Vec::new(), Vec::new());
    for (won, successor, access) in outcomes {
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

#[apply(both_ways)]
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

#[apply(both_ways)]
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
async fn grants(party: Party, stage: Arc<AtomicU8>) -> Vec<(u8, u8, Vec<AccessToken>, RefreshToken)> {
    let (mut random, now) = (system_random(), party.now);
    let mut all = Vec::new();
    while stage.load(Ordering::SeqCst) < 3 {
        let code = AuthorizationCode::generate(now, &mut random);
        let before = stage.load(Ordering::SeqCst);
        party.issue(&code, None).await.expect("a database").expect("a code");
        let after = stage.load(Ordering::SeqCst);
        let (access, mut refresh) =
            (AccessToken::generate(now, &mut random), RefreshToken::generate(now, &mut random));
        match party.exchange(&code, (&access, &refresh), None).await.expect("a database") {
            Ok(_) => {}
            Err(ExchangeRefusal::Revoked) => continue,
            Err(other) => panic!("{other}"),
        }
        let mut tokens = vec![access];
        for _ in 0..3 {
            let access = AccessToken::generate(now, &mut random);
            let successor = refresh.successor(&mut random);
            match party.rotate(&refresh, (&access, &successor), None).await.expect("a database") {
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

#[apply(both_ways)]
async fn nothing_of_a_grant_that_began_before_a_mass_revocation_survives_it_however_late_it_is_returned() {
    let mut world = World::with("max_pool_size=16").await;
    let (mut dead, mut alive) = (0, 0);
    for round in 0..rounds(6) {
        let stage = Arc::new(AtomicU8::new(0));
        let workers: Vec<_> =
            (0..12).map(|_| tokio::spawn(grants(world.party(), Arc::clone(&stage)))).collect();
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
