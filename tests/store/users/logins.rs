use authority_store::{Actor, FailedLogin, LogInRefusal, UserId};
use macro_rules_attribute::apply;

use crate::store::world::World;

impl World {
    async fn log_in(&mut self) -> Result<(), LogInRefusal> {
        let audit = self.event();
        let address = Some([192, 0, 2, 9].into());
        self.store.record_login(self.user, address, Some(&audit), self.now).await.expect("a database")
    }
}

#[apply(both_ways)]
async fn a_login_starts_the_count_of_failures_again() {
    let mut world = World::new().await;
    world.fail().await;
    world.fail().await;
    assert_eq!(world.log_in().await, Ok(()));
    assert_eq!(world.ada().await.last_login_at, Some(world.now));
    assert_eq!(world.column("last_login_address").await, "192.0.2.9/32");
    assert_eq!(world.fail().await, FailedLogin::Counted { attempts: 1 });
    let trail = world.trail().await;
    assert!(trail.contains(&"user.login success logged_in".to_owned()), "{trail:?}");
}

#[apply(both_ways)]
async fn a_login_lifts_a_lock_that_has_ended_and_no_other() {
    let mut world = World::new().await;
    world.set("security.lockout_threshold", 1).await;
    world.fail().await;
    world.wait(1799);
    assert_eq!(world.log_in().await, Err(LogInRefusal::UserLocked));
    world.wait(1);
    assert_eq!(world.log_in().await, Ok(()));
    assert_eq!(world.column("num_nonnulls(locked_at, locked_until, lock_reason)").await, "0");
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    world.wait(1);
    assert_eq!(world.log_in().await, Err(LogInRefusal::UserInactive));
    let nobody = UserId::new(world.now, &mut world.random);
    let refused = world.store.record_login(nobody, None, None, world.now).await;
    assert_eq!(refused.expect("a database"), Err(LogInRefusal::UserInactive));
}

#[apply(both_ways)]
async fn a_login_that_is_told_again_forgets_no_failure_since_then() {
    let mut world = World::new().await;
    let audit = world.event();
    let then = world.now;
    let login = world.store.record_login(world.user, None, Some(&audit), then).await;
    assert_eq!(login.expect("a database"), Ok(()));
    world.wait(5);
    assert_eq!(world.fail().await, FailedLogin::Counted { attempts: 1 });
    let again = world.store.record_login(world.user, None, Some(&audit), then).await;
    assert_eq!(again.expect("a database"), Ok(()));
    assert_eq!(world.fail().await, FailedLogin::Counted { attempts: 2 });
}
