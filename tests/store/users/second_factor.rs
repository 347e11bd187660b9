use authority_entity::secret::{Digest, Sealed};
use authority_store::{Actor, Change, EnableMfaRefusal, UseBackupCodeRefusal as Refusal, UserId};
use macro_rules_attribute::apply;

use crate::store::world::World;

pub(super) fn codes() -> Vec<Digest> {
    (1..=3).map(|number| Digest::new([number; 32])).collect()
}

impl World {
    /// Switches ada's second factor on.
    pub(super) async fn enable(&self, secret: u8) -> Result<(), EnableMfaRefusal> {
        let secret = Sealed::new(vec![secret; 48]);
        self.store.enable_mfa(self.user, &secret, &codes(), None, self.now).await.expect("a database")
    }

    pub(super) async fn use_code(&mut self, number: u8) -> Result<(), Refusal> {
        let event = self.event();
        let code = Digest::new([number; 32]);
        self.store
            .use_backup_code(self.user, &code, &event, self.now, &mut self.random)
            .await
            .expect("a database")
    }

    pub(super) async fn left(&self) -> Option<u32> {
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
async fn who_brings_other_backup_codes_is_told_that_they_do_not_count() {
    let mut world = World::new().await;
    let secret = Sealed::new(vec![7; 48]);
    let store = world.store.clone();
    let digests =
        |numbers: std::ops::RangeInclusive<u8>| numbers.map(|n| Digest::new([n; 32])).collect::<Vec<_>>();
    let refused = store.enable_mfa(world.user, &secret, &digests(1..=33), None, world.now).await;
    assert_eq!(refused.expect("a database"), Err(EnableMfaRefusal::TooManyCodes));
    assert_eq!(world.enable(7).await, Ok(()));
    for (numbers, is_same) in
        [(1..=3, true), (1..=2, false), (2..=4, false), (10..=13, false), (1..=33, false)]
    {
        for seconds in [0, 1] {
            world.wait(seconds);
            let outcome =
                store.enable_mfa(world.user, &secret, &digests(numbers.clone()), None, world.now).await;
            let expected = if is_same { Ok(()) } else { Err(EnableMfaRefusal::AlreadyEnabled) };
            assert_eq!(outcome.expect("a database"), expected, "{numbers:?}");
        }
    }
    for number in 1..=3 {
        assert_eq!(world.use_code(number).await, Ok(()));
    }
    let outcome = store.enable_mfa(world.user, &secret, &digests(4..=6), None, world.now).await;
    assert_eq!(
        outcome.expect("a database"),
        Err(EnableMfaRefusal::AlreadyEnabled),
        "when none is left either"
    );
    assert_eq!(world.left().await, Some(0));
}
