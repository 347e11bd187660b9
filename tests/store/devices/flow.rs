use authority_store::{
    DeviceAnswer, ExchangeDeviceCodeRefusal, Inactive, LookUpDeviceCode, LookUpDeviceCodeRefusal, Rotation,
};
use macro_rules_attribute::apply;

use super::*;

#[apply(both_ways)]
async fn a_device_gets_tokens_once_a_person_approves_it() {
    let mut world = world().await;
    let tv = device(&mut world, "openid profile").await;
    assert_eq!(poll(&mut world, &tv).await, Err(ExchangeDeviceCodeRefusal::Pending));

    let typed = tv.user_code.to_string().to_lowercase().parse().expect("a user code");
    let shown = look_up(&world, typed).await.expect("a device");
    assert_eq!((shown.id, shown.client), (tv.id(), world.client));
    assert_eq!((shown.client_id.as_str(), shown.client_name.as_str()), ("app", "App"));
    assert_eq!(shown.scopes, "openid profile".parse().expect("scopes"));
    assert_eq!(shown.ip_address, Some([203, 0, 113, 7].into()));
    assert_eq!(shown.user_agent.as_deref(), Some("TV/1.0"));
    assert_eq!(shown.attempts, 1);
    approve(&world, &tv).await;

    // What is approved is given at once, however early the device asks.
    let (access, refresh) = world.new_tokens();
    let grant = poll_for(&mut world, &tv, &access, &refresh).await.expect("tokens");
    assert_eq!((grant.user_id, grant.session_id), (world.user, Some(world.session)));
    assert_eq!(grant.auth_time, world.now);
    let active = world.introspect(&access).await.expect("an active token");
    assert_eq!(active.user, Some(world.user));
    assert_eq!(active.scopes, shown.scopes);
    assert_eq!(active.audience, [AUDIENCE]);
    assert!(grant.refresh_expires_at.is_some());
    let (outcome, ..) = world.rotate(&refresh).await;
    assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");

    // A second exchange gets nothing and takes nothing away.
    let (second, other) = world.new_tokens();
    let outcome = poll_for(&mut world, &tv, &second, &other).await;
    assert_eq!(outcome, Err(ExchangeDeviceCodeRefusal::AlreadyExchanged));
    assert_eq!(world.introspect(&second).await, Err(Inactive::Unknown));
    assert!(world.introspect(&access).await.is_ok());
}

#[apply(both_ways)]
async fn a_device_that_is_denied_is_told_so() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    answer(&world, &tv, DeviceAnswer::Deny).await.expect("an answer");
    assert_eq!(poll(&mut world, &tv).await, Err(ExchangeDeviceCodeRefusal::Denied));
    assert_eq!(look_up(&world, tv.user_code).await, Err(LookUpDeviceCodeRefusal::Unknown));
}

#[apply(both_ways)]
async fn a_person_may_grant_less_than_the_device_asked_for() {
    let mut world = world().await;
    let tv = device(&mut world, "openid profile offline_access").await;
    let some = "openid".parse().expect("scopes");
    answer(&world, &tv, DeviceAnswer::Approve(Some(&some))).await.expect("an approval");
    let grant = poll(&mut world, &tv).await.expect("tokens");
    assert_eq!(grant.scopes, some);
    assert_eq!(grant.session_id, Some(world.session), "no offline access was granted");
}

#[apply(both_ways)]
async fn offline_access_outlives_the_session() {
    let mut world = world().await;
    let tv = device(&mut world, "openid offline_access").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    let grant = poll_for(&mut world, &tv, &access, &refresh).await.expect("tokens");
    assert_eq!((grant.session_id, grant.sid.as_deref()), (None, Some("sid")));
    world.database.execute("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'").await;
    assert!(world.introspect(&access).await.is_ok());
    let (outcome, ..) = world.rotate(&refresh).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[apply(both_ways)]
async fn a_grant_without_offline_access_ends_with_its_session() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    poll_for(&mut world, &tv, &access, &refresh).await.expect("tokens");
    world.database.execute("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'").await;
    assert_eq!(world.introspect(&access).await, Err(Inactive::Session));
}

#[apply(both_ways)]
async fn what_can_be_looked_up_is_told_apart() {
    let mut world = world().await;
    let unknown = new_device(&mut world).user_code;
    assert_eq!(look_up(&world, unknown).await, Err(LookUpDeviceCodeRefusal::Unknown));
    let approved = device(&mut world, "openid").await;
    approve(&world, &approved).await;
    assert_eq!(look_up(&world, approved.user_code).await, Err(LookUpDeviceCodeRefusal::Answered));
    let waiting = device(&mut world, "openid").await;
    world.wait(300);
    assert_eq!(look_up(&world, waiting.user_code).await, Err(LookUpDeviceCodeRefusal::Expired));
    let waiting = device(&mut world, "openid").await;
    world.database.execute("UPDATE clients SET disabled_at = now()").await;
    assert_eq!(look_up(&world, waiting.user_code).await, Err(LookUpDeviceCodeRefusal::ClientDisabled));
    let sql = "UPDATE clients SET disabled_at = NULL, revocation_epoch = revocation_epoch + 1";
    world.database.execute(sql).await;
    assert_eq!(look_up(&world, waiting.user_code).await, Err(LookUpDeviceCodeRefusal::ClientDisabled));
}

#[apply(both_ways)]
async fn a_code_that_many_people_type_is_given_up() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    for number in 1..=10 {
        assert_eq!(look_up(&world, tv.user_code).await.expect("a device").attempts, number);
    }
    assert_eq!(look_up(&world, tv.user_code).await, Err(LookUpDeviceCodeRefusal::TooManyAttempts));
}

#[apply(both_ways)]
async fn every_step_leaves_its_event_and_waiting_leaves_none() {
    let mut world = world().await;
    let tv = new_device(&mut world);
    let scopes = "openid".parse().expect("scopes");
    let event = audit(&mut world);
    let request = IssueDeviceCode { audit: Some(&event), ..issue(world.client, &tv, &scopes) };
    world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");

    let (access, refresh) = world.new_tokens();
    let audience = [AUDIENCE.to_owned()];
    for _ in 0..2 {
        world.wait(1);
        let event = audit(&mut world);
        let request = ExchangeDeviceCode {
            audit: Some(&event),
            ..polling(world.client, &tv, &access, &refresh, &audience)
        };
        let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
        outcome.expect("a database").expect_err("nobody has answered");
    }
    for user_code in [new_device(&mut world).user_code, tv.user_code] {
        world.wait(1);
        let event = audit(&mut world);
        let request = LookUpDeviceCode {
            user_code,
            user: Some(world.user),
            session: Some(world.session),
            audit: Some(&event),
        };
        let _ = world.store.look_up_device_code(&request, world.now).await.expect("a database");
    }
    for said in [DeviceAnswer::Approve(None), DeviceAnswer::Deny] {
        world.wait(1);
        let event = audit(&mut world);
        let request = AnswerDeviceCode { audit: Some(&event), ..answering(&world, &tv, said) };
        let _ = world.store.answer_device_code(&request, world.now).await.expect("a database");
    }
    for _ in 0..2 {
        world.wait(1);
        let (access, refresh) = world.new_tokens();
        let event = audit(&mut world);
        let request = ExchangeDeviceCode {
            audit: Some(&event),
            ..polling(world.client, &tv, &access, &refresh, &audience)
        };
        let _ = world
            .store
            .exchange_device_code(&request, world.now, &mut world.random)
            .await
            .expect("a database");
    }
    assert_eq!(
        events(&world).await,
        [
            "device_code.issue success client issued",
            "device_code.look_up failure user unknown",
            "device_code.look_up success user found",
            "device_code.approve success user approved",
            "device_code.deny failure user answered",
            "device_code.exchange success client exchanged",
            "device_code.exchange failure client already_exchanged",
        ]
    );
}
