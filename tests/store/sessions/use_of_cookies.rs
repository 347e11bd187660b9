use authority_entity::sea_orm_active_enums::{RevocationReason, UserRole};
use authority_store::{Actor, SessionRefusal, SessionToken, TOUCH_SECONDS};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::crowd::at_once;
use crate::store::with::end_sessions;
use crate::store::world::World;
use crate::support::{eventually, in_time};

impl World {
    /// What tells one version of the session's row from the next.
    async fn version(&self, token: &SessionToken) -> Vec<String> {
        let sql =
            format!("SELECT concat(xmin, ctid, last_active_at) FROM sessions WHERE id = '{}'", token.id());
        self.database.column(&sql).await
    }
}

/// The updates of the sessions, and those that stayed off every index: known when the server's sessions have ended.
async fn updates(world: World) -> (i64, i64) {
    let World { database, store, .. } = world;
    drop(store);
    // A pooler would keep them.
    end_sessions(&database).await;
    let sql = "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'sessions'";
    // Before PostgreSQL 15, a collector of its own is told, and is a little behind.
    eventually("they are counted", async || database.column(sql).await != ["0 0"]).await;
    let row = database.column(sql).await.remove(0);
    let (all, hot) = row.split_once(' ').expect("two numbers");
    (all.parse().expect("a number"), hot.parse().expect("a number"))
}

#[apply(both_ways)]
async fn a_cookie_finds_its_session() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let session = world.present(&token).await.expect("a session");
    assert_eq!((session.id, session.user, session.username.as_str()), (token.id(), world.user, "ada"));
    assert_eq!((session.role, session.must_change_password), (UserRole::User, false));
    assert_eq!((session.acr.as_deref(), session.amr), (Some("1"), vec!["pwd".to_owned()]));
    assert_eq!(session.auth_time, world.now);
    assert_eq!(session.sid, token.id().to_string());
}

#[apply(both_ways)]
async fn a_made_up_cookie_finds_nothing() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let forged = SessionToken::for_id(token.id(), &mut world.random);
    assert_eq!(world.present(&forged).await, Err(SessionRefusal::Unknown));
    let random = SessionToken::generate(world.now, &mut world.random);
    assert_eq!(world.present(&random).await, Err(SessionRefusal::Unknown));
}

#[apply(both_ways)]
async fn a_use_is_written_once_in_a_while_and_off_every_index() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let begun = world.version(&token).await;
    for _ in 0..TOUCH_SECONDS - 1 {
        world.wait(1);
        assert!(world.present(&token).await.is_ok());
    }
    assert_eq!(world.version(&token).await, begun, "a read became a write");
    world.wait(1);
    let session = world.present(&token).await.expect("a session");
    assert_eq!(session.idle_expires_at, world.now + TimeDelta::minutes(30));
    let touched = world.version(&token).await;
    assert_ne!(touched, begun);
    world.now -= TimeDelta::seconds(5);
    world.present(&token).await.expect("a session");
    assert_eq!(world.version(&token).await, touched, "a clock that is behind takes nothing back");
    assert_eq!(updates(world).await, (1, 1));
}

#[apply(both_ways)]
async fn a_session_in_use_survives_a_short_time_out() {
    let mut world = World::new().await;
    world.set("sessions.idle_timeout_minutes", 1).await;
    let token = world.sign_in().await;
    for _ in 0..10 {
        world.wait(50);
        assert!(world.present(&token).await.is_ok());
    }
    world.wait(60);
    assert_eq!(world.present(&token).await, Err(SessionRefusal::Idle));
}

#[apply(both_ways)]
async fn simultaneous_uses_write_once() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    world.wait(600);
    let token = std::sync::Arc::new(token);
    let outcomes = at_once(16, |_| {
        let (store, now, token) = (world.store.clone(), world.now, token.clone());
        async move {
            let mut random = authority_store::system_random();
            store.authenticate_session(&token, now, &mut random).await.expect("a database")
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(updates(world).await, (1, 1));
}

#[apply(both_ways)]
async fn a_use_waits_for_nobody() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    world.wait(600);
    let mut holder = world.database.pool().begin().await.expect("a transaction");
    sqlx::query("SELECT FROM sessions FOR UPDATE").execute(&mut *holder).await.expect("locks");
    assert!(in_time("a use of a session", world.present(&token)).await.is_ok());
}

#[apply(both_ways)]
async fn a_session_ends_when_it_is_not_used_or_too_old() {
    let mut world = World::new().await;
    let idle = world.sign_in().await;
    let used = world.sign_in().await;
    world.wait(1799);
    assert!(world.present(&used).await.is_ok());
    world.wait(1);
    assert_eq!(world.present(&idle).await, Err(SessionRefusal::Idle));
    assert!(world.present(&used).await.is_ok());
    world.set("sessions.idle_timeout_minutes", 525_600).await;
    world.wait(100);
    let session = world.present(&used).await.expect("a session");
    assert_eq!(session.idle_expires_at, session.expires_at);
    world.now = session.expires_at - TimeDelta::seconds(1);
    assert!(world.present(&used).await.is_ok());
    world.wait(1);
    assert_eq!(world.present(&used).await, Err(SessionRefusal::Expired));
}

#[apply(both_ways)]
async fn a_lock_that_ends_by_itself_signs_nobody_out_and_an_administrators_does() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    world
        .database
        .execute(
            "UPDATE users SET locked_at = '2026-11-25', locked_until = '2027-01-01', lock_reason = 'guesses'",
        )
        .await;
    assert!(world.present(&token).await.is_ok());
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.present(&token).await, Err(SessionRefusal::UserInactive));
    world.store.unlock_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.present(&token).await, Err(SessionRefusal::Revoked), "nothing comes back to life");
}

#[apply(both_ways)]
async fn a_session_that_was_ended_or_revoked_is_refused() {
    let mut world = World::new().await;
    let (ended, revoked) = (world.sign_in().await, world.sign_in().await);
    let end = world.store.end_session_by_id(
        ended.id(),
        None,
        RevocationReason::Administrator,
        Actor::System,
        None,
        world.now,
    );
    end.await.expect("a database");
    assert_eq!(world.present(&ended).await, Err(SessionRefusal::Revoked));
    world.revoke_everything().await;
    assert_eq!(world.present(&revoked).await, Err(SessionRefusal::Revoked));
    for refusal in SessionRefusal::ALL {
        let wanted = match refusal {
            SessionRefusal::BadContext => "server_error",
            SessionRefusal::UserLocked => "access_denied",
            _ => "login_required",
        };
        assert_eq!(refusal.error_code().as_str(), wanted);
    }
}
