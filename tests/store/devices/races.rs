//! What many connections do at once.

use std::sync::Arc;

use authority_store::{Store, system_random};
use chrono::{DateTime, TimeDelta, Utc};
use macro_rules_attribute::apply;

use super::*;
use crate::store::crowd::{self, CALLERS, rounds};

/// A store with as many connections as callers, all of them open already.
async fn wide() -> World {
    let world = world_with("max_pool_size=64&max_idle_pool_size=64&initial_pool_size=64").await;
    assert_eq!(world.store.pool().max_size(), CALLERS);
    world
}

/// Every outcome of a call that many make at once, each at a time of its own.
async fn at_once<T, F, C>(world: &World, call: C) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    C: Fn(Store, DateTime<Utc>, usize) -> F,
{
    crowd::at_once(CALLERS, |number| {
        let later = TimeDelta::microseconds(i64::try_from(number).expect("a small number"));
        call(world.store.clone(), world.now + later, number)
    })
    .await
}

/// The number of the one who succeeded.
fn winner<T: std::fmt::Debug, E: std::fmt::Debug>(outcomes: &[Result<T, E>]) -> usize {
    let winners: Vec<_> = (0..CALLERS).filter(|number| outcomes[*number].is_ok()).collect();
    let [winner] = *winners else { panic!("{} won: {outcomes:?}", winners.len()) };
    winner
}

#[apply(both_ways)]
async fn of_many_polls_of_an_approved_code_one_gets_tokens() {
    let mut world = wide().await;
    let rounds = rounds(8);
    for round in 0..rounds {
        let tv = Arc::new(device(&mut world, "openid offline_access").await);
        approve(&world, &tv).await;
        let start = world.now;
        let outcomes = at_once(&world, |store, now, _| {
            let (tv, client) = (Arc::clone(&tv), world.client);
            async move {
                let now = if round % 2 == 0 { start } else { now };
                let mut random = system_random();
                let access = AccessToken::generate(now, &mut random);
                let refresh = RefreshToken::generate(now, &mut random);
                let request = polling(client, &tv, &access, &refresh, &[]);
                store.exchange_device_code(&request, now, &mut random).await.expect("a database")
            }
        })
        .await;
        winner(&outcomes);
        let mut losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(losers.all(|refusal| *refusal == ExchangeDeviceCodeRefusal::AlreadyExchanged));
        world.wait(1);
    }
    let counts = "SELECT count(*) || ' ' || (SELECT count(*) FROM refresh_tokens) FROM access_tokens";
    assert_eq!(world.value(counts).await, format!("{rounds} {rounds}"));
}

#[apply(both_ways)]
async fn the_same_exchange_on_many_connections_gives_the_same_tokens_to_all() {
    let mut world = wide().await;
    let tv = Arc::new(device(&mut world, "openid").await);
    approve(&world, &tv).await;
    let tokens = Arc::new(world.new_tokens());
    let (client, now) = (world.client, world.now);
    let outcomes = at_once(&world, |store, _, _| {
        let (tv, tokens) = (Arc::clone(&tv), Arc::clone(&tokens));
        async move {
            let request = polling(client, &tv, &tokens.0, &tokens.1, &[]);
            store.exchange_device_code(&request, now, &mut system_random()).await.expect("a database")
        }
    })
    .await;
    let first = outcomes[0].as_ref().expect("tokens");
    assert!(outcomes.iter().all(|outcome| outcome.as_ref() == Ok(first)), "{outcomes:?}");
    assert_eq!(world.value("SELECT count(*) FROM access_tokens").await, "1");
}

#[apply(both_ways)]
async fn of_many_answers_one_holds() {
    let mut world = wide().await;
    for _ in 0..4 {
        let tv = device(&mut world, "openid").await;
        let yes = answering(&world, &tv, DeviceAnswer::Approve(None));
        let no = answering(&world, &tv, DeviceAnswer::Deny);
        let outcomes = at_once(&world, |store, now, number| {
            let request = if number % 2 == 0 { yes.clone() } else { no.clone() };
            async move { store.answer_device_code(&request, now).await.expect("a database") }
        })
        .await;
        let winner = winner(&outcomes);
        let mut losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(losers.all(|refusal| *refusal == AnswerDeviceCodeRefusal::Answered));
        world.wait(1);
        assert_eq!(poll(&mut world, &tv).await.is_ok(), winner % 2 == 0);
    }
}

#[apply(both_ways)]
async fn of_many_devices_under_one_user_code_one_has_it_even_when_an_expired_one_had_it_before() {
    let mut world = wide().await;
    let user_code = device(&mut world, "openid").await.user_code;
    for _ in 0..4 {
        world.wait(300);
        let devices: Arc<Vec<_>> =
            Arc::new((0..CALLERS).map(|_| Device { user_code, ..new_device(&mut world) }).collect());
        let client = world.client;
        let outcomes = at_once(&world, |store, now, number| {
            let devices = Arc::clone(&devices);
            async move {
                let scopes = Scopes::default();
                let request = issue(client, &devices[number], &scopes);
                store.issue_device_code(&request, now).await.expect("a database")
            }
        })
        .await;
        let holder = &devices[winner(&outcomes)];
        assert_eq!(look_up(&world, user_code).await.expect("a device").id, holder.id());
    }
}

#[apply(both_ways)]
async fn the_same_issue_on_many_connections_gives_the_same_code_to_all() {
    let mut world = wide().await;
    let tv = Arc::new(new_device(&mut world));
    let (client, now) = (world.client, world.now);
    let outcomes = at_once(&world, |store, _, _| {
        let tv = Arc::clone(&tv);
        async move {
            let scopes = Scopes::default();
            store.issue_device_code(&issue(client, &tv, &scopes), now).await.expect("a database")
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
