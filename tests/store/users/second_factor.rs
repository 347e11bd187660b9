use authority_entity::secret::{Digest, Sealed};
use authority_store::{Actor, Change, EnableMfaRefusal, UseBackupCodeRefusal as Refusal, UserId};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::crowd::at_once;
use crate::store::world::World;

fn codes() -> Vec<Digest> {
    (1..=3).map(|number| Digest::new([number; 32])).collect()
}

impl World {
    /// Switches ada's second factor on.
    pub(super) async fn enable(&self, secret: u8) -> Result<(), EnableMfaRefusal> {
        let secret = Sealed::new(vec![secret; 48]);
        self.store.enable_mfa(self.user, &secret, &codes(), None, self.now).await.expect("a database")
    }

    async fn use_code(&mut self, number: u8) -> Result<(), Refusal> {
        let event = self.event();
        let code = Digest::new([number; 32]);
        self.store
            .use_backup_code(self.user, &code, &event, self.now, &mut self.random)
            .await
            .expect("a database")
    }

    async fn left(&self) -> Option<u32> {
        self.ada().await.mfa.map(|mfa| mfa.backup_codes)
    }
}

#[apply(both_ways)]
async fn a_second_factor_is_switched_on_and_off() {
    let mut world = World::new().await;
    for _ in 0..2 {
        assert_eq!(world.enable(7).await, Ok(()));
    }
    let mfa = world.ada().await.mfa.expect("it is on");
    assert_eq!((mfa.totp_secret, mfa.backup_codes), (Sealed::new(vec![7; 48]), 3));
    assert_eq!(world.use_code(1).await, Ok(()));
    assert_eq!(world.enable(7).await, Ok(()));
    assert_eq!(world.left().await, Some(2), "used codes do not come back");
    assert_eq!(world.enable(8).await, Err(EnableMfaRefusal::AlreadyEnabled));
    for expected in [Change::Done, Change::Already] {
        let off = world.store.disable_mfa(world.user, Actor::User(world.user), None, world.now).await;
        assert_eq!(off.expect("a database"), expected);
    }
    assert_eq!(world.ada().await.mfa, None);
    assert_eq!(world.use_code(2).await, Err(Refusal::Unknown));
    assert_eq!(world.enable(8).await, Ok(()));
    world.user = UserId::new(world.now, &mut world.random);
    assert_eq!(world.enable(8).await, Err(EnableMfaRefusal::UserInactive));
    let off = world.store.disable_mfa(world.user, Actor::System, None, world.now).await;
    assert_eq!(off.expect("a database"), Change::Unknown);
}

#[apply(both_ways)]
async fn a_backup_code_is_used_once() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    assert_eq!(world.use_code(9).await, Err(Refusal::Unknown));
    assert_eq!(world.left().await, Some(3));
    assert_eq!(world.use_code(2).await, Ok(()));
    assert_eq!(world.use_code(2).await, Err(Refusal::Unknown));
    assert_eq!(world.left().await, Some(2));
    assert_eq!(world.use_code(3).await, Ok(()));
    let mut trail = world.trail().await;
    trail.sort();
    assert_eq!(trail.iter().filter(|event| *event == "user.use_backup_code success used").count(), 2);
    assert_eq!(trail.iter().filter(|event| *event == "user.use_backup_code failure unknown").count(), 2);
}

#[apply(both_ways)]
async fn the_same_use_that_is_told_again_succeeds_again() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let (right, wrong) = (world.event(), world.event());
    for _ in 0..2 {
        for (code, event, expected) in [(1, &right, Ok(())), (9, &wrong, Err(Refusal::Unknown))] {
            let digest = Digest::new([code; 32]);
            let used = world.store.use_backup_code(world.user, &digest, event, world.now, &mut world.random);
            assert_eq!(used.await.expect("a database"), expected);
        }
    }
    assert_eq!(world.left().await, Some(2));
    assert_eq!(world.trail().await.len(), 2);
}

#[apply(both_ways)]
async fn while_an_account_is_locked_or_gone_no_backup_code_counts_and_none_is_told_from_a_guess() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let first = world.event();
    let code = Digest::new([3; 32]);
    let store = world.store.clone();
    let used = store.use_backup_code(world.user, &code, &first, world.now, &mut world.random);
    assert_eq!(used.await.expect("a database"), Ok(()));
    let until = world.now + TimeDelta::minutes(30);
    for (sql, refusal) in [
        (format!("locked_at = '{}', locked_until = '{until}'", world.now), Refusal::UserLocked),
        ("locked_until = NULL".to_owned(), Refusal::UserInactive),
    ] {
        world.sql(&format!("UPDATE users SET {sql}")).await;
        for code in [1, 9] {
            assert_eq!(world.use_code(code).await, Err(refusal), "{code}");
        }
        let again = store.use_backup_code(world.user, &code, &first, world.now, &mut world.random);
        assert_eq!(again.await.expect("a database"), Ok(()), "it was used before");
    }
    let remaining =
        "SELECT count(*)::text FROM audit_logs WHERE outcome = 'failure' AND details ? 'remaining'";
    assert_eq!(world.database.column(remaining).await, ["0"]);
    world.sql(&format!("UPDATE users SET locked_until = '{until}'")).await;
    world.now = until;
    assert_eq!(world.use_code(1).await, Ok(()), "a lock that has ended is none");
    assert_eq!(world.left().await, Some(1));
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.use_code(2).await, Err(Refusal::UserInactive));
    world.user = UserId::new(world.now, &mut world.random);
    assert_eq!(world.use_code(2).await, Err(Refusal::UserInactive));
}

#[apply(both_ways)]
async fn of_simultaneous_uses_of_one_backup_code_one_succeeds() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let outcomes = together(&mut world, false).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(world.left().await, Some(2));
}

#[apply(both_ways)]
async fn one_use_that_is_told_many_times_at_once_succeeds_each_time_and_uses_one_code() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let outcomes = together(&mut world, true).await;
    assert!(outcomes.iter().all(|outcome| outcome.is_ok()), "{outcomes:?}");
    assert_eq!(world.left().await, Some(2));
    assert_eq!(world.trail().await, ["user.use_backup_code success used"]);
}

async fn together(world: &mut World, is_one: bool) -> Vec<Result<(), Refusal>> {
    let one = world.event();
    at_once(16, |_| {
        let event = if is_one { one.clone() } else { world.event() };
        let (store, user, now) = (world.store.clone(), world.user, world.now);
        async move {
            let mut random = authority_store::system_random();
            let code = Digest::new([1; 32]);
            store.use_backup_code(user, &code, &event, now, &mut random).await.expect("a database")
        }
    })
    .await
}
