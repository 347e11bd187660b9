//! What many connections do at once.

use authority_store::Store;
use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const CONNECTIONS: usize = 64;

/// A store with as many connections as callers, all of them open already.
async fn wide() -> World {
    let world = world_with("max_pool_size=64&max_idle_pool_size=64&initial_pool_size=64").await;
    assert_eq!(world.store.pool().max_size(), CONNECTIONS);
    world
}

/// Every outcome of a call that `CONNECTIONS` tasks make at once, each at a time and with randomness of its own.
async fn at_once<T, F, C>(world: &World, call: C) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    C: Fn(Store, DateTime<Utc>, StdRng, usize) -> F,
{
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let random = StdRng::seed_from_u64(1000 + number as u64);
            let now =
                world.now + chrono::TimeDelta::microseconds(i64::try_from(number).expect("a small number"));
            tokio::spawn(call(world.store.clone(), now, random, number))
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_polls_of_an_approved_code_one_gets_tokens() {
    let mut world = wide().await;
    for same_time in [false, true, false, true] {
        let tv = device(&mut world, "openid offline_access").await;
        approve(&world, &tv).await;
        let text = tv.code.reveal();
        let (client, start) = (world.client, world.now);
        let outcomes = at_once(&world, |store, now, mut random, _| {
            let code = DeviceCode::parse(&text).expect("a device code");
            async move {
                let now = if same_time { start } else { now };
                let access = AccessToken::generate(now, &mut random);
                let refresh = RefreshToken::generate(now, &mut random);
                let request = ExchangeDeviceCode {
                    device_code: &code,
                    client,
                    sender: None,
                    resources: None,
                    access_token: NewAccessToken::Opaque(&access),
                    audience: &[],
                    refresh_token: Some(&refresh),
                    audit: None,
                };
                store.exchange_device_code(&request, now, &mut random).await.expect("a database")
            }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(losers.clone().all(|refusal| *refusal == ExchangeDeviceCodeRefusal::AlreadyExchanged));
        world.wait(1);
    }
    let counts =
        "SELECT (SELECT count(*) FROM access_tokens) || ' ' || (SELECT count(*) FROM refresh_tokens)";
    assert_eq!(world.database.column(counts).await, ["4 4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_exchange_on_many_connections_gives_the_same_tokens_to_all() {
    let mut world = wide().await;
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    let (access_text, refresh_text, text) = (access.reveal(), refresh.reveal(), tv.code.reveal());
    let (client, now) = (world.client, world.now);
    let outcomes = at_once(&world, |store, _, mut random, _| {
        let code = DeviceCode::parse(&text).expect("a device code");
        let access = AccessToken::parse(&access_text).expect("an access token");
        let refresh = RefreshToken::parse(&refresh_text).expect("a refresh token");
        async move {
            let request = ExchangeDeviceCode {
                device_code: &code,
                client,
                sender: None,
                resources: None,
                access_token: NewAccessToken::Opaque(&access),
                audience: &[],
                refresh_token: Some(&refresh),
                audit: None,
            };
            store.exchange_device_code(&request, now, &mut random).await.expect("a database")
        }
    })
    .await;
    let first = outcomes[0].as_ref().expect("tokens");
    assert!(outcomes.iter().all(|outcome| outcome.as_ref() == Ok(first)), "{outcomes:?}");
    assert_eq!(world.database.column("SELECT count(*) FROM access_tokens").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_answers_one_holds() {
    let mut world = wide().await;
    for _ in 0..4 {
        let tv = device(&mut world, "openid").await;
        let yes = answering(&world, &tv, DeviceAnswer::Approve(None));
        let no = answering(&world, &tv, DeviceAnswer::Deny);
        let outcomes = at_once(&world, |store, now, _, number| {
            let request = if number % 2 == 0 { yes.clone() } else { no.clone() };
            async move { store.answer_device_code(&request, now).await.expect("a database") }
        })
        .await;
        let winners: Vec<_> = (0..CONNECTIONS).filter(|number| outcomes[*number].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        let losers = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(losers.clone().all(|refusal| *refusal == AnswerDeviceCodeRefusal::Answered));
        world.wait(1);
        assert_eq!(poll(&mut world, &tv).await.is_ok(), winners[0] % 2 == 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_devices_under_one_user_code_one_has_it_even_when_an_expired_one_had_it_before() {
    let mut world = wide().await;
    let mut before = device(&mut world, "openid").await;
    for _ in 0..4 {
        world.wait(300);
        let (client, user_code) = (world.client, before.user_code);
        let codes: Vec<_> =
            (0..CONNECTIONS).map(|_| DeviceCode::generate(world.now, &mut world.random).reveal()).collect();
        let outcomes = at_once(&world, |store, now, _, number| {
            let code = DeviceCode::parse(&codes[number]).expect("a device code");
            async move {
                let request = IssueDeviceCode {
                    device_code: &code,
                    user_code,
                    client,
                    scopes: &Scopes::default(),
                    resources: &[],
                    interval: 5,
                    ip_address: None,
                    user_agent: None,
                    audit: None,
                };
                store.issue_device_code(&request, now).await.expect("a database")
            }
        })
        .await;
        let winners: Vec<_> = (0..CONNECTIONS).filter(|number| outcomes[*number].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        before = Device { code: DeviceCode::parse(&codes[winners[0]]).expect("a device code"), user_code };
        assert_eq!(look_up(&world, user_code).await.expect("a device").id, before.id());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_issue_on_many_connections_gives_the_same_code_to_all() {
    let mut world = wide().await;
    let tv = new_device(&mut world);
    let (user_code, text, client, now) = (tv.user_code, tv.code.reveal(), world.client, world.now);
    let outcomes = at_once(&world, |store, _, _, _| {
        let code = DeviceCode::parse(&text).expect("a device code");
        async move {
            let request = IssueDeviceCode {
                device_code: &code,
                user_code,
                client,
                scopes: &Scopes::default(),
                resources: &[],
                interval: 5,
                ip_address: None,
                user_agent: None,
                audit: None,
            };
            store.issue_device_code(&request, now).await.expect("a database")
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
