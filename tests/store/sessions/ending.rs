use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    Actor, ExchangeRefusal, Inactive, Revocation, RotateRefusal, SessionId, SessionToken, UserId,
};
use macro_rules_attribute::apply;

use super::AGENT;
use crate::store::world::World;

impl World {
    async fn listed(&self) -> Vec<SessionId> {
        let sessions = self.store.sessions_of_user(self.user, self.now).await.expect("a database");
        sessions.into_iter().map(|session| session.id).collect()
    }

    async fn end_all(&self, but: Option<SessionId>) -> u64 {
        let reason = RevocationReason::UserRequest;
        let actor = Actor::User(self.user);
        self.store
            .end_sessions_of_user(self.user, but, reason, actor, None, self.now)
            .await
            .expect("a database")
    }
}

#[apply(both_ways)]
async fn a_logout_ends_codes_and_tokens_at_once_and_spares_offline_access() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    world.session = token.id();
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let pending = world.code().await;
    let offline = world.code_for("openid offline_access").await;
    let offline = world.tokens(&offline).await;

    let audit = world.event();
    let forged = SessionToken::for_id(token.id(), &mut world.random);
    let end = world.store.end_session(&forged, None, world.now, &mut world.random).await;
    assert_eq!(end.expect("a database"), Revocation::Unknown);
    assert!(world.introspect(&issued.access).await.is_ok());
    let end = world.store.end_session(&token, Some(&audit), world.now, &mut world.random).await;
    assert_eq!(end.expect("a database"), Revocation::Revoked);

    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::Session));
    let (access, refresh) = world.new_tokens();
    assert_eq!(world.exchange(&pending, &access, &refresh).await, Err(ExchangeRefusal::SessionEnded));
    let (outcome, ..) = world.rotate(&issued.refresh).await;
    assert_eq!(outcome.expect_err("ended"), RotateRefusal::SessionEnded);
    assert!(world.introspect(&offline.access).await.is_ok());
    assert!(world.rotate(&offline.refresh).await.0.is_ok());

    let end = world.store.end_session(&token, Some(&audit), world.now, &mut world.random).await;
    assert_eq!(end.expect("a database"), Revocation::Already);
    assert_eq!(world.trail().await, ["session.end success revoked"]);
}

#[apply(both_ways)]
async fn a_person_sees_the_sessions_that_would_be_accepted() {
    let mut world = World::new().await;
    world.end_all(None).await;
    let idle = world.sign_in().await;
    world.wait(1000);
    let (first, ended) = (world.sign_in().await, world.sign_in().await);
    world.wait(1000);
    let second = world.sign_in().await;
    world.store.end_session(&ended, None, world.now, &mut world.random).await.expect("a database");
    assert_eq!(world.listed().await, [second.id(), first.id()], "and not {:?}", idle.id());
    let sessions = world.store.sessions_of_user(world.user, world.now).await.expect("a database");
    assert_eq!(sessions[0].user_agent.as_deref(), Some(AGENT));
    assert_eq!(sessions[0].device.as_deref(), Some("Laptop"));
    assert_eq!(sessions[0].address, Some([192, 0, 2, 7].into()));
    assert_eq!((sessions[0].created_at, sessions[0].last_active_at), (world.now, world.now));
    world.revoke_everything().await;
    assert_eq!(world.listed().await, []);
}

#[apply(both_ways)]
async fn a_person_ends_their_own_sessions_only() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let eve = UserId::new(world.now, &mut world.random);
    let (reason, now) = (RevocationReason::UserRequest, world.now);
    let audit = world.event();
    let by_eve =
        world.store.end_session_by_id(token.id(), Some(eve), reason, Actor::User(eve), Some(&audit), now);
    assert_eq!(by_eve.await.expect("a database"), Revocation::Unknown);
    let audit = world.event();
    let ada = Actor::User(world.user);
    let end = || world.store.end_session_by_id(token.id(), Some(world.user), reason, ada, Some(&audit), now);
    assert_eq!(end().await.expect("a database"), Revocation::Revoked);
    assert_eq!(end().await.expect("a database"), Revocation::Already);
    let trail = world.trail().await;
    assert!(trail.contains(&"session.end failure unknown".to_owned()), "{trail:?}");
    assert!(trail.contains(&"session.end success revoked".to_owned()), "{trail:?}");
    assert_eq!(trail.len(), 2);
}

#[apply(both_ways)]
async fn every_other_session_is_ended_at_once() {
    let mut world = World::new().await;
    let (here, there) = (world.sign_in().await, world.sign_in().await);
    world.session = there.id();
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    // Nobody uses it for so long that it is not listed any more; its tokens live.
    world.wait(1700);
    world
        .store
        .authenticate_session(&here, world.now, &mut world.random)
        .await
        .expect("a database")
        .expect("active");
    world.wait(200);
    assert_eq!(world.end_all(Some(here.id())).await, 2, "this one and the one that the world begins with");
    assert_eq!(world.end_all(Some(here.id())).await, 2, "the same call again");
    assert_eq!(world.listed().await, [here.id()]);
    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::Session));
    world.wait(1);
    assert_eq!(world.end_all(None).await, 1);
    assert_eq!(world.listed().await, []);
}
