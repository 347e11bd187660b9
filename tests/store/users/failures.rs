use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{Actor, CurrentPassword, FailedLogin, Inactive, Lock, Reauthenticate, SessionToken};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use super::hash;
use super::passwords::change;
use crate::store::crowd::at_once;
use crate::store::world::World;

#[apply(both_ways)]
async fn too_many_failures_lock_the_account_for_a_while_and_then_counting_starts_again() {
    let mut world = World::new().await;
    for attempts in 1..5 {
        assert_eq!(world.fail().await, FailedLogin::Counted { attempts });
        world.wait(1);
    }
    let until = world.now + TimeDelta::minutes(30);
    assert_eq!(world.fail().await, FailedLogin::Locked { until: Some(until) });
    assert_eq!(world.ada().await.lock, Lock::Until(until));
    world.wait(60);
    assert_eq!(world.fail().await, FailedLogin::Locked { until: Some(until) }, "and no longer");
    assert_eq!(world.column("failed_login_attempts").await, "5");
    world.now = until;
    assert_eq!(world.ada().await.lock, Lock::Open);
    assert_eq!(world.fail().await, FailedLogin::Counted { attempts: 1 });
    assert_eq!(world.column("num_nonnulls(locked_at, locked_until, lock_reason)").await, "0");
    let trail = world.trail().await;
    assert_eq!(trail.iter().filter(|event| *event == "user.login failure counted").count(), 5);
    assert_eq!(trail[4], "user.login failure locked");
    assert_eq!(trail[5], "user.login failure already_locked");
}

#[apply(both_ways)]
async fn the_settings_say_how_many_failures_lock_for_how_long() {
    let mut world = World::new().await;
    world.set("security.lockout_threshold", 1).await;
    world.set("security.lockout_duration_minutes", 2).await;
    for _ in 0..2 {
        let until = world.now + TimeDelta::minutes(2);
        assert_eq!(world.fail().await, FailedLogin::Locked { until: Some(until) });
        world.now = until;
    }
}

#[apply(both_ways)]
async fn no_setting_however_absurd_breaks_a_login() {
    let mut world = World::new().await;
    for value in ["null", "0", "-5", "-999999999999999999", "999999999999999999"] {
        for key in [
            "security.lockout_threshold",
            "security.lockout_duration_minutes",
            "security.password_history_count",
            "sessions.duration_days",
            "sessions.idle_timeout_minutes",
        ] {
            world.set_json(key, value).await;
        }
        let _ = world.fail().await;
        let locked = world.ada().await.lock;
        world.wait(10_080 * 60);
        assert_eq!(world.ada().await.lock, Lock::Open, "{value}: {locked:?} ends within a week");
        let cookie = world.sign_in().await;
        world.present(&cookie).await.expect("a session");
        let successor = SessionToken::for_id(cookie.id(), &mut world.random);
        let request = Reauthenticate {
            token: &cookie,
            successor: &successor,
            auth_time: world.now,
            acr: None,
            amr: &[],
            audit: None,
        };
        let outcome = world.store.reauthenticate_session(&request, world.now, &mut world.random).await;
        assert_eq!(outcome.expect("a database"), Ok(()), "{value}");
        world.store.passwords_of_user(world.user).await.expect("a database").expect("ada is there");
        let new = hash(value.len());
        assert_eq!(world.change(&change(&world, CurrentPassword::Any, &new)).await, Ok(()), "{value}");
    }
    world.set_json("security.lockout_threshold", "999999999999999999").await;
    world.sql("UPDATE users SET failed_login_attempts = 99, locked_at = NULL, locked_until = NULL, lock_reason = NULL").await;
    assert!(matches!(world.fail().await, FailedLogin::Locked { until: Some(_) }), "a hundred are enough");
}

#[apply(both_ways)]
async fn the_same_failure_is_counted_once() {
    let mut world = World::new().await;
    let event = world.event();
    for _ in 0..3 {
        let outcome = world.store.record_failed_login(Some(world.user), &event, world.now).await;
        assert_eq!(outcome.expect("a database"), FailedLogin::Counted { attempts: 1 });
    }
    for _ in 0..3 {
        world.fail().await;
    }
    let last = world.event();
    let until = Some(world.now + TimeDelta::minutes(30));
    for _ in 0..2 {
        let outcome = world.store.record_failed_login(Some(world.user), &last, world.now).await;
        assert_eq!(outcome.expect("a database"), FailedLogin::Locked { until });
    }
    assert_eq!(world.trail().await.len(), 5);
}

#[apply(both_ways)]
async fn simultaneous_failures_are_all_counted() {
    let mut world = World::new().await;
    world.set("security.lockout_threshold", 100).await;
    let mut seen = together(&mut world, 16, false).await;
    seen.sort_by_key(|outcome| format!("{outcome:?}").len());
    assert_eq!(world.column("failed_login_attempts").await, "16");
    for attempts in 1..=16 {
        assert_eq!(seen.iter().filter(|o| **o == FailedLogin::Counted { attempts }).count(), 1);
    }
}

#[apply(both_ways)]
async fn one_failure_that_is_told_many_times_at_once_is_counted_once() {
    let mut world = World::new().await;
    let seen = together(&mut world, 16, true).await;
    assert_eq!(world.column("failed_login_attempts").await, "1");
    assert!(seen.iter().all(|outcome| *outcome == FailedLogin::Counted { attempts: 1 }), "{seen:?}");
    assert_eq!(world.trail().await.len(), 1);
}

#[apply(both_ways)]
async fn simultaneous_failures_lock_once() {
    let mut world = World::new().await;
    let seen = together(&mut world, 16, false).await;
    assert_eq!(seen.iter().filter(|outcome| matches!(outcome, FailedLogin::Counted { .. })).count(), 4);
    assert_eq!(world.column("failed_login_attempts").await, "5");
    let trail = world.trail().await;
    assert_eq!(trail.iter().filter(|event| *event == "user.login failure locked").count(), 1);
}

async fn together(world: &mut World, count: usize, is_one: bool) -> Vec<FailedLogin> {
    let one = world.event();
    at_once(count, |_| {
        let event = if is_one { one.clone() } else { world.event() };
        let (store, user, now) = (world.store.clone(), world.user, world.now);
        async move { store.record_failed_login(Some(user), &event, now).await.expect("a database") }
    })
    .await
}

#[apply(both_ways)]
async fn a_failure_of_nobody_is_written_and_names_nobody() {
    let mut world = World::new().await;
    let event = world.event();
    let outcome = world.store.record_failed_login(None, &event, world.now).await;
    assert_eq!(outcome.expect("a database"), FailedLogin::Unknown);
    let sql = "SELECT num_nonnulls(actor_id, resource_id)::text FROM audit_logs WHERE event = 'user.login'";
    assert_eq!(world.database.column(sql).await, ["0"]);
}

#[apply(both_ways)]
async fn guesses_at_a_password_cut_nobody_off() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    while !matches!(world.fail().await, FailedLogin::Locked { .. }) {}
    assert!(world.introspect(&issued.access).await.is_ok());
    assert!(world.rotate(&issued.refresh).await.0.is_ok());
    let pending = world.code().await;
    world.tokens(&pending).await;
}

#[apply(both_ways)]
async fn a_failure_does_not_end_an_administrators_lock() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    world
        .store
        .lock_user(world.user, Some("Asked for"), Actor::System, None, world.now)
        .await
        .expect("a database");
    assert_eq!(world.fail().await, FailedLogin::Locked { until: None });
    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::User));
    let reason = RevocationReason::UserRequest;
    let ended =
        world.store.end_sessions_of_user(world.user, None, reason, Actor::System, None, world.now).await;
    assert_eq!(ended.expect("a database"), 1);
}
