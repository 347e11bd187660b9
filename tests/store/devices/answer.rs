use authority_store::{ErrorCode, SessionId, UserId};
use macro_rules_attribute::apply;

use super::*;

const YES: DeviceAnswer<'_> = DeviceAnswer::Approve(None);

#[apply(both_ways)]
async fn what_was_answered_once_is_not_answered_again() {
    let mut world = world().await;
    for (first, second) in [(YES, DeviceAnswer::Deny), (DeviceAnswer::Deny, YES), (YES, YES)] {
        let tv = device(&mut world, "openid").await;
        answer(&world, &tv, first).await.expect("an answer");
        world.wait(1);
        assert_eq!(answer(&world, &tv, second).await, Err(AnswerDeviceCodeRefusal::Answered));
        assert_eq!(poll(&mut world, &tv).await.is_ok(), first == YES);
        assert_eq!(answer(&world, &tv, second).await, Err(AnswerDeviceCodeRefusal::Answered));
    }
}

#[apply(both_ways)]
async fn an_answer_that_is_repeated_because_it_was_lost_succeeds_even_after_the_exchange() {
    let mut world = world().await;
    for said in [YES, DeviceAnswer::Deny] {
        let tv = device(&mut world, "openid").await;
        answer(&world, &tv, said).await.expect("an answer");
        assert_eq!(answer(&world, &tv, said).await, Ok(()));
        let _ = poll(&mut world, &tv).await;
        assert_eq!(answer(&world, &tv, said).await, Ok(()));
        // Another answer at the same moment is no repetition.
        let other = if said == YES { DeviceAnswer::Deny } else { YES };
        assert_eq!(answer(&world, &tv, other).await, Err(AnswerDeviceCodeRefusal::Answered));
    }
}

#[apply(both_ways)]
async fn an_answer_needs_the_device_that_was_shown_and_its_user_code() {
    let mut world = world().await;
    let (one, other) = (device(&mut world, "openid").await, device(&mut world, "openid").await);
    let mixed = AnswerDeviceCode { user_code: other.user_code, ..answering(&world, &one, YES) };
    let outcome = world.store.answer_device_code(&mixed, world.now).await.expect("a database");
    assert_eq!(outcome, Err(AnswerDeviceCodeRefusal::Unknown));
    let made_up = new_device(&mut world);
    assert_eq!(answer(&world, &made_up, YES).await, Err(AnswerDeviceCodeRefusal::Unknown));
}

#[apply(both_ways)]
async fn every_reason_not_to_take_an_approval_is_told_and_changes_nothing() {
    use AnswerDeviceCodeRefusal as Refusal;

    let mut world = world().await;
    let tv = device(&mut world, "openid profile").await;
    let cases = [
        (
            "users SET erased_at = now(), username = 'erased-' || id, email = id || '@erased.invalid', tokens_revoked_before = now()",
            "users SET erased_at = NULL, username = 'ada', email = 'ada@example.com'",
            Refusal::UserInactive,
        ),
        ("users SET locked_at = now()", "users SET locked_at = NULL", Refusal::UserInactive),
        (
            "sessions SET revoked_at = now(), revocation_reason = 'logout'",
            "sessions SET revoked_at = NULL, revocation_reason = NULL",
            Refusal::SessionEnded,
        ),
        (
            "sessions SET idle_expires_at = created_at + interval '1 microsecond'",
            "sessions SET idle_expires_at = expires_at",
            Refusal::SessionEnded,
        ),
        ("sessions SET user_epoch = 7", "sessions SET user_epoch = 0", Refusal::SessionEnded),
        ("clients SET disabled_at = now()", "clients SET disabled_at = NULL", Refusal::ClientDisabled),
        (
            "clients SET grant_types = '{authorization_code}'",
            "clients SET grant_types = '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code}'",
            Refusal::UnauthorizedClient,
        ),
        ("clients SET revocation_epoch = 1", "clients SET revocation_epoch = 0", Refusal::Revoked),
        (
            "clients SET allowed_scopes = '{openid}'",
            "clients SET allowed_scopes = '{openid,profile,offline_access}'",
            Refusal::ScopeNotAllowed,
        ),
    ];
    world.now += chrono::TimeDelta::milliseconds(1);
    for (change, back, refusal) in cases {
        world.database.execute(&format!("UPDATE {change}")).await;
        assert_eq!(answer(&world, &tv, YES).await, Err(refusal), "{change}");
        world.database.execute(&format!("UPDATE {back}")).await;
    }
    let more = "openid offline_access".parse().expect("scopes");
    assert_eq!(answer(&world, &tv, DeviceAnswer::Approve(Some(&more))).await, Err(Refusal::ScopeExceeded));
    let stranger = UserId::new(world.now, &mut world.random);
    let request = AnswerDeviceCode { user: stranger, ..answering(&world, &tv, YES) };
    let outcome = world.store.answer_device_code(&request, world.now).await.expect("a database");
    assert_eq!(outcome, Err(Refusal::UserInactive));
    let nowhere = SessionId::new(world.now, &mut world.random);
    let request = AnswerDeviceCode { session: nowhere, ..answering(&world, &tv, YES) };
    let outcome = world.store.answer_device_code(&request, world.now).await.expect("a database");
    assert_eq!(outcome, Err(Refusal::SessionEnded));

    approve(&world, &tv).await;
    poll(&mut world, &tv).await.expect("tokens");
    let late = device(&mut world, "openid").await;
    world.wait(300);
    assert_eq!(answer(&world, &late, YES).await, Err(Refusal::Expired));
    assert_eq!(Refusal::Expired.error_code(), ErrorCode::ExpiredToken);
}

#[apply(both_ways)]
async fn the_session_of_somebody_else_answers_nothing() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    let eve = UserId::new(world.now, &mut world.random);
    let sql = format!("INSERT INTO users (id, username, email) VALUES ('{eve}', 'eve', 'eve@example.com')");
    world.database.execute(&sql).await;
    let request = AnswerDeviceCode { user: eve, ..answering(&world, &tv, YES) };
    let outcome = world.store.answer_device_code(&request, world.now).await.expect("a database");
    assert_eq!(outcome, Err(AnswerDeviceCodeRefusal::SessionEnded));
}

#[apply(both_ways)]
async fn a_lock_that_ends_by_itself_and_a_disabled_client_do_not_prevent_a_no() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    world
        .database
        .execute("UPDATE users SET locked_at = now(), locked_until = now() + interval '1 hour'")
        .await;
    world.database.execute("UPDATE clients SET disabled_at = now()").await;
    assert_eq!(answer(&world, &tv, DeviceAnswer::Deny).await, Ok(()));
    world.database.execute("UPDATE clients SET disabled_at = NULL").await;
    assert_eq!(poll(&mut world, &tv).await, Err(ExchangeDeviceCodeRefusal::Denied));
}
