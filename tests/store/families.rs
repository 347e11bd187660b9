//! What a person has let in, and how they take it back.

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{Actor, RefreshTokenId, Revocation, UserId};
use macro_rules_attribute::apply;

use super::world::World;

/// What ends a grant or keeps its token from being accepted, besides its own time.
const ENDS: [&str; 8] = [
    "UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'client_request'",
    "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
    "UPDATE users SET locked_at = now()",
    "UPDATE users SET revocation_epoch = revocation_epoch + 1",
    "UPDATE users SET erased_at = now(), tokens_revoked_before = now(), username = 'erased-' || id,
         email = id || '@erased.invalid'",
    "UPDATE clients SET disabled_at = now()",
    "UPDATE clients SET revocation_epoch = revocation_epoch + 1",
    "DELETE FROM refresh_tokens",
];

impl World {
    async fn families(&self) -> Vec<RefreshTokenId> {
        let families = self.store.families_of_user(self.user, self.now).await.expect("a database");
        families.iter().map(|one| one.id).collect()
    }
}

#[apply(both_ways)]
async fn a_person_sees_the_applications_that_may_act_for_them_last_used_first() {
    let mut world = World::new().await;
    let (first, granted) = (world.family("openid profile").await, world.now);
    world.wait(10);
    let second = world.family("openid offline_access").await;
    world.wait(10);
    assert_eq!(world.families().await, [second.family(), first.family()]);
    world.rotate(&first).await.0.expect("a successor");
    let families = world.store.families_of_user(world.user, world.now).await.expect("a database");
    let [used, idle] = &*families else { panic!("{families:?}") };
    assert_eq!((used.id, idle.id), (first.family(), second.family()));
    assert_eq!((used.issued_at, used.last_used_at), (granted, world.now));
    assert_eq!(idle.last_used_at, idle.issued_at);
    assert_eq!((used.client, used.client_id.as_str()), (world.client, "app"));
    assert_eq!(used.scopes, "openid profile".parse().expect("scopes"));
    assert_eq!((used.session, idle.session), (Some(world.session), None));
    assert!(used.expires_at > world.now && !used.client_name.is_empty());
    let nobody = UserId::new(world.now, &mut world.random);
    assert_eq!(world.store.families_of_user(nobody, world.now).await.expect("a database"), []);
    // Both run out at some time.
    world.wait(400 * 86_400);
    assert_eq!(world.families().await, []);
}

#[apply(both_ways)]
async fn an_application_that_may_not_act_any_more_is_not_among_them() {
    let mut world = World::new().await;
    for sql in ENDS {
        let token = world.family("openid").await;
        assert!(world.families().await.contains(&token.family()), "before: {sql}");
        world.sql(sql).await;
        assert_eq!(world.families().await, [], "{sql}");
        if sql.contains("erased_at") {
            world = World::new().await;
        } else {
            world.restore().await;
            world.sql("DELETE FROM refresh_tokens").await;
        }
    }
    world.family("openid").await;
    world.sql("UPDATE users SET locked_at = now(), locked_until = now() + interval '1 hour'").await;
    assert_eq!(world.families().await.len(), 1, "a lock that ends by itself ends no grant");
}

#[apply(both_ways)]
async fn a_person_revokes_their_own_families_only() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let eve = UserId::new(world.now, &mut world.random);
    let (reason, now) = (RevocationReason::UserRequest, world.now);
    let revoke = async |of: UserId| {
        let revoked = world.store.revoke_family(token.family(), Some(of), reason, Actor::User(of), None, now);
        revoked.await.expect("a database")
    };
    assert_eq!(revoke(eve).await, Revocation::Unknown);
    assert_eq!(world.families().await, [token.family()]);
    assert_eq!(revoke(world.user).await, Revocation::Revoked);
    assert_eq!(revoke(eve).await, Revocation::Unknown, "also of what is revoked");
    assert_eq!(world.families().await, []);
}
