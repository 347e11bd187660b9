//! Backup codes, each of which counts once.

use authority_entity::secret::Digest;
use authority_store::{Actor, Audit, ReplaceBackupCodesRefusal, UseBackupCodeRefusal as Refusal, UserId};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::crowd::at_once;
use crate::store::world::World;

impl World {
    /// Ada gets three codes, from this number on.
    async fn replace(&self, from: u8, event: &Audit) -> Result<(), ReplaceBackupCodesRefusal> {
        self.replace_by(from..=from + 2, event).await
    }

    async fn replace_by(
        &self,
        numbers: std::ops::RangeInclusive<u8>,
        event: &Audit,
    ) -> Result<(), ReplaceBackupCodesRefusal> {
        let codes: Vec<_> = numbers.map(|number| Digest::new([number; 32])).collect();
        let actor = Actor::User(self.user);
        self.store.replace_backup_codes(self.user, &codes, actor, event, self.now).await.expect("a database")
    }
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
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
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

#[apply(both_ways)]
async fn new_codes_take_the_place_of_all_that_are_left() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let step = world.event();
    world
        .store
        .accept_totp_step(world.user, 5, &step, world.now)
        .await
        .expect("a database")
        .expect("accepted");
    world.use_code(1).await.expect("used");
    let event = world.event();
    assert_eq!(world.replace(11, &event).await, Ok(()));
    assert_eq!(world.use_code(2).await, Err(Refusal::Unknown));
    assert_eq!(world.use_code(12).await, Ok(()));
    assert_eq!(world.column("mfa_last_step").await, "5", "the secret is the same");
    let none = world.event();
    world
        .store
        .replace_backup_codes(world.user, &[], Actor::System, &none, world.now)
        .await
        .expect("a database")
        .expect("replaced");
    assert_eq!(world.left().await, Some(0));
}

#[apply(both_ways)]
async fn a_replacement_that_is_told_again_brings_nothing_back() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let (first, second) = (world.event(), world.event());
    assert_eq!(world.replace(11, &first).await, Ok(()));
    world.use_code(11).await.expect("used");
    assert_eq!(world.replace(11, &first).await, Ok(()));
    assert_eq!(world.left().await, Some(2), "what was used");
    assert_eq!(world.replace(21, &second).await, Ok(()));
    assert_eq!(world.replace(11, &first).await, Ok(()));
    assert_eq!(world.use_code(12).await, Err(Refusal::Unknown), "what was replaced");
    assert_eq!(world.use_code(22).await, Ok(()));
    let trail = world.trail().await;
    assert_eq!(
        trail.iter().filter(|event| *event == "user.replace_backup_codes success replaced").count(),
        2
    );

    let one = world.event();
    let outcomes = at_once(16, |_| {
        let (store, user, now, one) = (world.store.clone(), world.user, world.now, one.clone());
        async move {
            let codes = [Digest::new([31; 32])];
            store.replace_backup_codes(user, &codes, Actor::System, &one, now).await.expect("a database")
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.left().await, Some(1));
}

#[apply(both_ways)]
async fn codes_are_replaced_only_where_they_count() {
    let mut world = World::new().await;
    let refused = async |world: &mut World, wanted: ReplaceBackupCodesRefusal| {
        let event = world.event();
        for _ in 0..2 {
            assert_eq!(world.replace(11, &event).await, Err(wanted));
        }
    };
    refused(&mut world, ReplaceBackupCodesRefusal::NotEnabled).await;
    world.enable(7).await.expect("it is on");
    let event = world.event();
    assert_eq!(world.replace_by(1..=33, &event).await, Err(ReplaceBackupCodesRefusal::TooManyCodes));
    let event = world.event();
    assert_eq!(world.replace_by(1..=32, &event).await, Ok(()));
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    refused(&mut world, ReplaceBackupCodesRefusal::UserInactive).await;
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    refused(&mut world, ReplaceBackupCodesRefusal::UserInactive).await;
    world.user = UserId::new(world.now, &mut world.random);
    refused(&mut world, ReplaceBackupCodesRefusal::UserInactive).await;
}
