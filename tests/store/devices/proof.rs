//! Which authentication of a person a device's grant stands on.

use authority_store::{Scopes, SessionId, SessionToken};
use chrono::{DateTime, Utc};
use macro_rules_attribute::apply;

use super::*;
use crate::store::crowd::at_once;

const KEPT: &str = "SELECT (num_nonnulls(auth_time, acr) + cardinality(amr))::text FROM device_codes ORDER BY id DESC LIMIT 1";

/// Without refresh tokens.
const WITHOUT_FAMILIES: &str = "UPDATE clients SET grant_types = '{urn:ietf:params:oauth:grant-type:device_code}', redirect_uris = '{}', response_types = '{}'";

type Proof = (DateTime<Utc>, Option<String>, Vec<String>);

fn proof(grant: &Grant) -> Proof {
    (grant.auth_time, grant.acr.clone(), grant.amr.clone())
}

/// A session at level 1, in which devices are answered.
async fn sign_in(world: &mut World) -> (SessionToken, Proof) {
    let cookie = world.sign_in().await;
    world.session = cookie.id();
    (cookie, (world.now, Some("1".to_owned()), vec!["pwd".to_owned()]))
}

/// The session sees a later authentication at level 2.
async fn prove_more(world: &mut World, cookie: &SessionToken) {
    let successor = SessionToken::for_id(cookie.id(), &mut world.random);
    assert_eq!(world.prove_again(cookie, &successor).await, Ok(()));
}

#[apply(both_ways)]
async fn a_device_has_the_proof_of_its_approval_and_none_that_the_session_sees_later() {
    let mut world = world().await;
    for (scopes, grants) in
        [("openid", None), ("openid offline_access", None), ("openid", Some(WITHOUT_FAMILIES))]
    {
        if let Some(sql) = grants {
            world.database.execute(sql).await;
        }
        let (cookie, approved) = sign_in(&mut world).await;
        let tv = device(&mut world, scopes).await;
        world.wait(60);
        approve(&world, &tv).await;
        world.wait(60);
        prove_more(&mut world, &cookie).await;
        let (access, refresh) = world.new_tokens();
        let grant = poll_for(&mut world, &tv, &access, &refresh).await.expect("tokens");
        assert_eq!(proof(&grant), approved, "{scopes}");
        assert_eq!(grant.refresh_expires_at.is_some(), grants.is_none());
        let found = world.introspect(&access).await.expect("active");
        assert_eq!((found.auth_time, found.acr), (Some(approved.0), approved.1.clone()), "{scopes}");
        let again = poll_for(&mut world, &tv, &access, &refresh).await.expect("the same tokens");
        assert_eq!(again, grant);
    }
}

#[apply(both_ways)]
async fn what_was_proved_between_the_request_and_the_approval_counts() {
    let mut world = world().await;
    let (cookie, _) = sign_in(&mut world).await;
    let tv = device(&mut world, "openid").await;
    world.wait(60);
    prove_more(&mut world, &cookie).await;
    let proved = (world.now, Some("2".to_owned()), vec!["pwd".to_owned(), "otp".to_owned()]);
    world.wait(60);
    approve(&world, &tv).await;
    assert_eq!(proof(&poll(&mut world, &tv).await.expect("tokens")), proved);
}

#[apply(both_ways)]
async fn an_approval_that_is_repeated_because_its_answer_was_lost_takes_no_later_proof() {
    let mut world = world().await;
    let (cookie, approved) = sign_in(&mut world).await;
    let tv = device(&mut world, "openid").await;
    let answered = world.now;
    approve(&world, &tv).await;
    world.wait(60);
    prove_more(&mut world, &cookie).await;
    world.now = answered;
    approve(&world, &tv).await;
    assert_eq!(proof(&poll(&mut world, &tv).await.expect("tokens")), approved);
}

#[apply(both_ways)]
async fn who_denies_proves_nothing() {
    let mut world = world().await;
    sign_in(&mut world).await;
    let tv = device(&mut world, "openid").await;
    answer(&world, &tv, DeviceAnswer::Deny).await.expect("an answer");
    assert_eq!(world.database.column(KEPT).await, ["0"]);
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    assert_eq!(world.database.column(KEPT).await, ["3"]);
}

#[apply(both_ways)]
async fn an_approval_that_nobody_fetched_gives_its_user_code_up() {
    let mut world = world().await;
    sign_in(&mut world).await;
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    world.wait(300);
    let next = Device { user_code: tv.user_code, ..new_device(&mut world) };
    let scopes = Scopes::default();
    let request = issue(world.client, &next, &scopes);
    world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");
    assert_eq!(look_up(&world, tv.user_code).await.expect("a device").id, next.id());
}

#[apply(both_ways)]
async fn of_an_approval_by_an_older_program_it_is_sure_that_the_session_had_begun() {
    let mut world = world().await;
    let (cookie, (began, ..)) = sign_in(&mut world).await;
    let tv = device(&mut world, "openid").await;
    world.wait(60);
    approve(&world, &tv).await;
    world.database.execute("UPDATE device_codes SET auth_time = NULL, acr = NULL, amr = '{}'").await;
    world.wait(60);
    prove_more(&mut world, &cookie).await;
    assert_eq!(proof(&poll(&mut world, &tv).await.expect("tokens")), (began, None, vec![]));
}

#[apply(both_ways)]
async fn of_simultaneous_approvals_in_two_sessions_the_proof_is_of_the_one_that_holds() {
    let mut world = world().await;
    let (weak, _) = sign_in(&mut world).await;
    let strong = world.sign_in().await;
    prove_more(&mut world, &strong).await;
    for _ in 0..4 {
        let tv = device(&mut world, "openid").await;
        let outcomes = at_once(16, |number| {
            let session: SessionId = if number % 2 == 0 { weak.id() } else { strong.id() };
            let request = AnswerDeviceCode { session, ..answering(&world, &tv, DeviceAnswer::Approve(None)) };
            let (store, now) = (world.store.clone(), world.now);
            async move { store.answer_device_code(&request, now).await.expect("a database").is_ok() }
        })
        .await;
        assert!(outcomes.contains(&true));
        let grant = poll(&mut world, &tv).await.expect("tokens");
        let level = if grant.session_id == Some(weak.id()) { "1" } else { "2" };
        assert_eq!(grant.acr.as_deref(), Some(level));
        world.wait(1);
    }
}
