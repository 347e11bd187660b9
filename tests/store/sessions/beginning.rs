use authority_store::{Actor, Change, CreateSession, CreateSessionRefusal, SessionToken, UserId};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::world::World;

#[apply(both_ways)]
async fn a_session_lives_as_long_as_the_settings_say() {
    let mut world = World::new().await;
    let epoch = world.epoch().await;
    let token = SessionToken::generate(world.now, &mut world.random);
    let session = world.begin(&token, world.user, epoch).await.expect("a session");
    assert_eq!(session.expires_at, world.now + TimeDelta::days(7));
    assert_eq!(session.idle_expires_at, world.now + TimeDelta::minutes(30));

    world.set("sessions.duration_days", 1).await;
    world.set("sessions.idle_timeout_minutes", 100_000).await;
    let token = SessionToken::generate(world.now, &mut world.random);
    let session = world.begin(&token, world.user, epoch).await.expect("a session");
    assert_eq!(session.expires_at, world.now + TimeDelta::days(1));
    assert_eq!(session.idle_expires_at, session.expires_at, "nothing outlives the session");
}

#[apply(both_ways)]
async fn a_session_is_begun_once_however_often_it_is_asked_for() {
    let mut world = World::new().await;
    let epoch = world.epoch().await;
    let token = SessionToken::generate(world.now, &mut world.random);
    let audit = world.event();
    let request = CreateSession {
        token: &token,
        sid: "sid-1",
        user: world.user,
        epoch,
        auth_time: world.now,
        acr: None,
        amr: &[],
        address: None,
        user_agent: None,
        device: None,
        audit: Some(&audit),
    };
    let first = world.store.create_session(&request, world.now).await.expect("a database");
    world.revoke_everything().await;
    let again = world.store.create_session(&request, world.now).await.expect("a database");
    assert_eq!(again, first);
    assert!(first.is_ok());
    assert_eq!(world.database.column("SELECT count(*)::text FROM sessions WHERE sid = 'sid-1'").await, ["1"]);
    assert_eq!(world.trail().await, ["session.create success created"]);
}

#[apply(both_ways)]
async fn headers_that_the_table_refuses_prevent_no_session() {
    let mut world = World::new().await;
    let epoch = world.epoch().await;
    let token = SessionToken::generate(world.now, &mut world.random);
    let agent = format!("a\u{7}\n{}", "x".repeat(2000));
    let request = CreateSession {
        token: &token,
        sid: "sid-1",
        user: world.user,
        epoch,
        auth_time: world.now,
        acr: None,
        amr: &[],
        address: Some(std::net::Ipv6Addr::LOCALHOST.into()),
        user_agent: Some(&agent),
        device: Some("\u{0}"),
        audit: None,
    };
    world.store.create_session(&request, world.now).await.expect("a database").expect("a session");
    let sessions = world.store.sessions_of_user(world.user, world.now).await.expect("a database");
    let session = sessions.iter().find(|session| session.id == token.id()).expect("it is listed");
    assert_eq!(session.user_agent.as_ref().map(String::len), Some(1000));
    assert_eq!(session.device, None);
    assert_eq!(session.address, Some(std::net::Ipv6Addr::LOCALHOST.into()));
}

#[apply(both_ways)]
async fn nobody_who_is_inactive_begins_a_session() {
    let mut world = World::new().await;
    let before = world.epoch().await;
    let token = SessionToken::generate(world.now, &mut world.random);
    let nobody = UserId::new(world.now, &mut world.random);
    assert_eq!(world.begin(&token, nobody, before).await, Err(CreateSessionRefusal::UserInactive));

    world
        .database
        .execute("UPDATE users SET locked_at = '2026-11-25', locked_until = '2026-11-25T12:00:01Z'")
        .await;
    assert_eq!(world.begin(&token, world.user, before).await, Err(CreateSessionRefusal::UserLocked));
    world.wait(1);
    assert!(world.begin(&token, world.user, before).await.is_ok(), "the lock has ended");

    let token = SessionToken::generate(world.now, &mut world.random);
    world.revoke_everything().await;
    assert_eq!(world.begin(&token, world.user, before).await, Err(CreateSessionRefusal::Revoked));
    let after = world.epoch().await;
    let lock = world.store.lock_user(world.user, None, Actor::System, None, world.now).await;
    assert_eq!(lock.expect("a database"), Change::Done);
    assert_eq!(world.begin(&token, world.user, after).await, Err(CreateSessionRefusal::UserInactive));
    world.store.unlock_user(world.user, Actor::System, None, world.now).await.expect("a database");
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.begin(&token, world.user, after).await, Err(CreateSessionRefusal::UserInactive));
    for refusal in CreateSessionRefusal::ALL {
        let codes = ["access_denied", "login_required", "server_error"];
        assert!(codes.contains(&refusal.error_code().as_str()));
    }
}
