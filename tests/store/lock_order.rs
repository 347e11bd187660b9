//! Operations that meet on several rows wait for each other, and never in a circle.

use std::sync::Arc;

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    AccessToken, Actor, AuthorizationCode, ChangePassword, CurrentPassword, Elsewhere, ExchangeRefusal,
    IssueCode, RefreshToken, SessionId, UserId, system_random,
};
use macro_rules_attribute::apply;
use serde_json::json;
use tokio::task::JoinSet;

use super::crowd::{Party, rounds};
use super::users::hash;
use super::with::kept;
use super::world::World;
use crate::support::Session;

impl World {
    /// Sessions of a user that lie in the table in the opposite order of their ids; the smallest id last.
    async fn sessions_in_disorder(&mut self, user: UserId, how_many: usize) -> Vec<SessionId> {
        let mut ids: Vec<_> = (0..how_many).map(|_| SessionId::new(self.now, &mut self.random)).collect();
        ids.sort_by(|one, other| other.cmp(one));
        let list: Vec<_> = ids.iter().map(ToString::to_string).collect();
        self.sql(&format!(
            "INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at,
                                   expires_at, ip_address)
             SELECT id, sha256('s'), id, '{user}', now, now, now, now + interval '1 day', now + interval '7 days',
                    '192.0.2.7'
             FROM unnest('{{{list}}}'::uuid[]) AS id, (SELECT '{now}'::timestamptz AS now) AS time",
            list = list.join(","),
            now = self.now
        ))
        .await;
        ids
    }

    /// How often the server broke up a circle, which a store answers by sending its statement again.
    async fn is_without_deadlocks(&self) {
        let metrics = self.store.metrics();
        let repeated: Vec<_> =
            metrics.statements.iter().filter(|one| one.repetitions > 0).map(|one| one.name).collect();
        assert_eq!(repeated, [""; 0]);
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(self.value(sql).await, "0");
    }
}

#[apply(both_ways)]
async fn an_erasure_and_the_end_of_all_sessions_lock_them_in_one_order() {
    let mut world = World::new().await;
    world.sql("DELETE FROM sessions").await;
    let ids = world.sessions_in_disorder(world.user, 3).await;
    let first = ids.last().expect("a session");
    let blocker =
        Session::begin(&world.database, &format!("SELECT FROM sessions WHERE id = '{first}' FOR UPDATE"))
            .await;
    let (store, user, now) = (world.store.clone(), world.user, world.now);
    let end = tokio::spawn(async move {
        store
            .end_sessions_of_user(user, None, RevocationReason::Administrator, Actor::System, None, now)
            .await
    });
    world.until_waiting(1).await;
    let store = world.store.clone();
    let erase = tokio::spawn(async move { store.erase_user(user, Actor::System, None, now).await });
    world.until_waiting(2).await;
    blocker.end().await;
    end.await.expect("it ends").expect("a database");
    erase.await.expect("it ends").expect("a database");
    world.is_without_deadlocks().await;
}

#[apply(both_ways)]
async fn an_erasure_and_the_revocation_of_what_a_replayed_code_issued_lock_it_in_one_order() {
    let mut world = World::new().await;
    let details = kept(json!([{"type": "payment"}]));
    let code = world.code_with(|request| IssueCode { authorization_details: Some(details), ..request }).await;
    let issued = world.tokens(&code).await;
    let family = issued.refresh.family();
    let blocker = Session::begin(
        &world.database,
        &format!("SELECT FROM refresh_tokens WHERE id = '{family}' FOR UPDATE"),
    )
    .await;
    let tokens = world.new_tokens();
    let (party, user, now) = (world.party(), world.user, world.now);
    let replay = tokio::spawn(async move { replay(&party, &code, &tokens).await });
    world.until_waiting(1).await;
    let store = world.store.clone();
    let erase = tokio::spawn(async move { store.erase_user(user, Actor::System, None, now).await });
    world.until_waiting(2).await;
    blocker.end().await;
    replay.await.expect("it ends");
    erase.await.expect("it ends").expect("a database");
    world.is_without_deadlocks().await;
}

/// A replay, which revokes what the code issued.
async fn replay(party: &Party, code: &AuthorizationCode, tokens: &(AccessToken, RefreshToken)) {
    let outcome = party.exchange(code, (&tokens.0, &tokens.1), None).await;
    assert_eq!(outcome.expect("a database"), Err(ExchangeRefusal::Replayed));
}

#[apply(both_ways)]
async fn of_operations_on_one_person_at_once_none_meet_in_a_circle() {
    let mut world = World::new().await;
    let details = kept(json!([{"type": "payment"}]));
    for round in 0..rounds(12) {
        let user = UserId::new(world.now, &mut world.random);
        world
            .sql(&format!(
                "INSERT INTO users (id, username, email) VALUES ('{user}', 'u{round}', 'u{round}@example.com');
                 UPDATE clients SET owner_id = '{user}', contacts = '{{u{round}@example.com}}'"
            ))
            .await;
        let sessions = world.sessions_in_disorder(user, 200).await;
        let mut codes = Vec::new();
        for session in sessions.iter().step_by(40) {
            world.session = *session;
            let code =
                world.code_with(|r| IssueCode { user, authorization_details: Some(details), ..r }).await;
            let issued = world.tokens(&code).await;
            codes.push((Arc::new(code), issued));
        }
        let mut tasks = JoinSet::new();
        let (client, now) = (world.client, world.now);
        for (code, issued) in codes {
            let tokens = world.new_tokens();
            let (party, shared) = (world.party(), Arc::clone(&code));
            tasks.spawn(async move { replay(&party, &shared, &tokens).await });
            let store = world.store.clone();
            tasks.spawn(async move {
                let reason = RevocationReason::Administrator;
                let family = issued.refresh.family();
                store
                    .revoke_family(family, None, reason, Actor::System, None, now)
                    .await
                    .expect("a database");
                let random = &mut system_random();
                let revoke = store.revoke_access_token(&issued.access, client, None, now, random);
                revoke.await.expect("a database");
            });
        }
        for but in [None, sessions.first().copied()] {
            let store = world.store.clone();
            tasks.spawn(async move {
                let reason = RevocationReason::Administrator;
                let end = store.end_sessions_of_user(user, but, reason, Actor::System, None, now).await;
                end.expect("a database");
            });
            let store = world.store.clone();
            tasks.spawn(async move {
                let password = hash(round);
                let change = ChangePassword {
                    user,
                    new: &password,
                    current: CurrentPassword::Any,
                    must_change: false,
                    elsewhere: Elsewhere::Revoked { but },
                    actor: Actor::System,
                    audit: None,
                };
                store.change_password(&change, now).await.expect("a database").ok();
            });
            let store = world.store.clone();
            tasks.spawn(async move {
                store.erase_user(user, Actor::System, None, now).await.expect("a database");
            });
        }
        tasks.join_all().await;
    }
    world.is_without_deadlocks().await;
}
