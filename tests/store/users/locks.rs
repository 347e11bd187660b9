use authority_store::{Actor, Change, Inactive, Lock, UserId, VerifyEmailRefusal};
use macro_rules_attribute::apply;

use crate::store::world::World;

#[apply(both_ways)]
async fn an_administrators_lock_lasts_until_it_is_lifted_and_revives_nothing() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    world.fail().await;
    let reason = format!("Reported\n{}", "x".repeat(600));
    for expected in [Change::Done, Change::Already] {
        let audit = world.event();
        let lock = world.store.lock_user(world.user, Some(&reason), Actor::System, Some(&audit), world.now);
        assert_eq!(lock.await.expect("a database"), expected);
    }
    assert_eq!(world.column("revocation_epoch").await, "1");
    assert_eq!(world.column("char_length(lock_reason)").await, "500");
    world.wait(3600);
    assert_eq!(world.ada().await.lock, Lock::Administrator);
    assert_eq!(world.introspect(&issued.access).await.expect_err("locked"), Inactive::User);
    world.now -= chrono::TimeDelta::seconds(3600);
    for expected in [Change::Done, Change::Already] {
        let audit = world.event();
        let unlock = world.store.unlock_user(world.user, Actor::System, Some(&audit), world.now).await;
        assert_eq!(unlock.expect("a database"), expected);
    }
    assert_eq!(world.ada().await.lock, Lock::Open);
    assert_eq!(world.column("failed_login_attempts").await, "0");
    assert_eq!(world.introspect(&issued.access).await.expect_err("revoked"), Inactive::User);
    let nobody = UserId::new(world.now, &mut world.random);
    let lock = world.store.lock_user(nobody, None, Actor::System, None, world.now).await;
    assert_eq!(lock.expect("a database"), Change::Unknown);
    let unlock = world.store.unlock_user(nobody, Actor::System, None, world.now).await;
    assert_eq!(unlock.expect("a database"), Change::Unknown);
}

#[apply(both_ways)]
async fn an_address_is_verified_only_while_it_is_the_accounts() {
    let mut world = World::new().await;
    let audit = world.event();
    let verify = async |world: &World, email: &str| {
        world.store.verify_email(world.user, email, Some(&audit), world.now).await.expect("a database")
    };
    assert_eq!(verify(&world, "old@example.com").await, Err(VerifyEmailRefusal::EmailChanged));
    assert_eq!(world.ada().await.email_verified_at, None);
    let proved = world.now;
    assert_eq!(verify(&world, "ADA@example.com").await, Ok(()));
    world.wait(60);
    assert_eq!(verify(&world, "ada@example.com").await, Ok(()));
    assert_eq!(world.ada().await.email_verified_at, Some(proved));
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(verify(&world, "ada@example.com").await, Err(VerifyEmailRefusal::UserInactive));
}
