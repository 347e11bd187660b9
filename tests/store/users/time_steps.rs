//! TOTP codes, of which none counts twice (RFC 6238 section 5.2).

use std::collections::HashSet;

use authority_store::{AcceptTotpStepRefusal as Refusal, Actor, Audit, FailedLogin, UserId};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use crate::store::crowd::{at_once, rounds};
use crate::store::world::World;

/// A time step of these days.
const STEP: u64 = 58_796_640;

impl World {
    /// A right code of this time step is presented.
    async fn accept(&mut self, step: u64) -> Result<(), Refusal> {
        let event = self.event();
        self.accept_by(step, &event).await
    }

    /// The same, by this event.
    async fn accept_by(&self, step: u64, event: &Audit) -> Result<(), Refusal> {
        self.store.accept_totp_step(self.user, step, event, self.now).await.expect("a database")
    }

    /// What was accepted last.
    async fn last_step(&self) -> String {
        self.column("coalesce(mfa_last_step::text, 'none')").await
    }
}

#[apply(both_ways)]
async fn a_time_step_is_accepted_once_and_none_after_a_later_one() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    assert_eq!(world.accept(STEP).await, Ok(()));
    for used in [STEP, STEP - 1, 0] {
        assert_eq!(world.accept(used).await, Err(Refusal::AlreadyUsed), "{used}");
    }
    assert_eq!(world.last_step().await, STEP.to_string());
    // The clock of the person may be ahead.
    assert_eq!(world.accept(STEP + 2).await, Ok(()));
    assert_eq!(world.accept(STEP + 1).await, Err(Refusal::AlreadyUsed));
    assert_eq!(world.accept(u64::MAX).await, Ok(()));
    assert_eq!(world.accept(u64::MAX).await, Err(Refusal::AlreadyUsed));
    assert_eq!(world.last_step().await, i64::MAX.to_string());
}

#[apply(both_ways)]
async fn the_first_time_step_that_there_is_can_be_used() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    assert_eq!(world.accept(0).await, Ok(()));
    assert_eq!(world.accept(0).await, Err(Refusal::AlreadyUsed));
}

#[apply(both_ways)]
async fn each_presentation_leaves_an_event_that_names_the_person_only_where_it_was_them() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    for expected in [Ok(()), Err(Refusal::AlreadyUsed)] {
        assert_eq!(world.accept(STEP).await, expected);
    }
    let sql = "SELECT concat_ws(' ', event, outcome, resource_id, actor_id, details ->> 'outcome', details ->> 'step')
               FROM audit_logs ORDER BY outcome";
    let user = world.user;
    assert_eq!(
        world.database.column(sql).await,
        [
            format!("user.accept_totp_step success {user} {user} accepted {STEP}"),
            format!("user.accept_totp_step failure {user} already_used {STEP}"),
        ]
    );
}

#[apply(both_ways)]
async fn every_reason_not_to_accept_a_code_is_told_and_uses_nothing() {
    let mut world = World::new().await;
    let mut seen = HashSet::from([Refusal::AlreadyUsed]);
    world.enable(7).await.expect("it is on");
    world.accept(STEP).await.expect("accepted");
    let until = world.now + TimeDelta::minutes(30);
    let mut refused = async |world: &mut World, wanted: Refusal| {
        assert_eq!(world.accept(STEP + 1).await, Err(wanted));
        seen.insert(wanted);
    };
    world.sql(&format!("UPDATE users SET locked_at = '{}', locked_until = '{until}'", world.now)).await;
    refused(&mut world, Refusal::UserLocked).await;
    world.sql("UPDATE users SET locked_until = NULL").await;
    refused(&mut world, Refusal::UserInactive).await;
    world.sql("UPDATE users SET locked_at = NULL").await;
    assert_eq!(world.last_step().await, STEP.to_string());
    assert_eq!(world.accept(STEP).await, Err(Refusal::AlreadyUsed));
    assert_eq!(world.accept(STEP + 1).await, Ok(()));

    world.store.disable_mfa(world.user, Actor::System, None, world.now).await.expect("a database");
    refused(&mut world, Refusal::NotEnabled).await;
    assert_eq!(world.last_step().await, "none");
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    refused(&mut world, Refusal::UserInactive).await;
    world.user = UserId::new(world.now, &mut world.random);
    refused(&mut world, Refusal::UserInactive).await;
    assert_eq!(seen, Refusal::ALL.iter().copied().collect());
}

#[apply(both_ways)]
async fn a_lock_that_has_ended_is_none() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    world.set("security.lockout_threshold", 1).await;
    assert!(matches!(world.fail().await, FailedLogin::Locked { .. }));
    assert_eq!(world.accept(STEP).await, Err(Refusal::UserLocked));
    world.wait(30 * 60);
    assert_eq!(world.accept(STEP).await, Ok(()));
}

#[apply(both_ways)]
async fn another_secret_begins_anew_and_the_same_one_does_not() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    world.accept(STEP).await.expect("accepted");
    // The same call again, after its answer was lost.
    world.enable(7).await.expect("it is on");
    assert_eq!(world.accept(STEP).await, Err(Refusal::AlreadyUsed));
    world.store.disable_mfa(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.last_step().await, "none");
    world.enable(8).await.expect("it is on");
    assert_eq!(world.accept(STEP).await, Ok(()));
    // An older program switches it off, and leaves the step.
    world.sql("UPDATE users SET mfa_enabled_at = NULL, totp_secret_sealed = NULL").await;
    world.enable(9).await.expect("it is on");
    assert_eq!(world.last_step().await, "none");
}

#[apply(both_ways)]
async fn an_erased_person_has_no_last_step() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    world.accept(STEP).await.expect("accepted");
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.last_step().await, "none");
}

#[apply(both_ways)]
async fn the_same_presentation_that_is_told_again_has_the_same_outcome() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let (first, second, third) = (world.event(), world.event(), world.event());
    for _ in 0..2 {
        assert_eq!(world.accept_by(STEP, &first).await, Ok(()));
        assert_eq!(world.accept_by(STEP, &second).await, Err(Refusal::AlreadyUsed));
        assert_eq!(world.accept_by(STEP + 1, &third).await, Ok(()));
    }
    // Whatever has happened since.
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.accept_by(STEP, &first).await, Ok(()));
    assert_eq!(world.accept_by(STEP, &second).await, Err(Refusal::AlreadyUsed));
    assert_eq!(world.trail().await.len(), 3);
}

#[apply(both_ways)]
async fn one_presentation_vouches_for_no_other_of_the_same_request() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let event = world.event();
    world.accept_by(STEP, &event).await.expect("accepted");
    let bob = UserId::new(world.now, &mut world.random);
    world
        .sql(&format!("INSERT INTO users (id, username, email) VALUES ('{bob}', 'bob', 'bob@example.com')"))
        .await;
    for (user, step, wanted) in [
        (world.user, STEP - 1, Err(Refusal::AlreadyUsed)),
        (bob, STEP, Err(Refusal::NotEnabled)),
        (world.user, STEP, Ok(())),
        (world.user, STEP + 1, Ok(())),
    ] {
        let outcome = world.store.accept_totp_step(user, step, &event, world.now).await;
        assert_eq!(outcome.expect("a database"), wanted, "{user} {step}");
    }
    // At another time it is another call.
    world.wait(1);
    assert_eq!(world.accept_by(STEP + 1, &event).await, Err(Refusal::AlreadyUsed));
    assert_eq!(world.trail().await.len(), 5);
}

#[apply(both_ways)]
async fn of_simultaneous_presentations_of_one_code_one_succeeds() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    for round in 0..rounds(4) as u64 {
        let outcomes = together(&mut world, |_| STEP + round, false).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let mut losers = outcomes.iter().filter_map(|outcome| outcome.err());
        assert!(losers.all(|refusal| refusal == Refusal::AlreadyUsed));
    }
}

#[apply(both_ways)]
async fn of_codes_that_are_presented_at_once_none_is_accepted_after_a_later_one() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    let outcomes = together(&mut world, |number| STEP + number % 3, false).await;
    let accepted = |step: u64| {
        let of_it = outcomes.iter().zip(0_u64..).filter(|(_, number)| number % 3 == step);
        of_it.filter(|(outcome, _)| outcome.is_ok()).count()
    };
    assert!(accepted(0) <= 1 && accepted(1) <= 1, "{outcomes:?}");
    assert_eq!(accepted(2), 1, "{outcomes:?}");
    assert_eq!(world.last_step().await, (STEP + 2).to_string());
}

#[apply(both_ways)]
async fn one_presentation_that_is_told_many_times_at_once_succeeds_each_time() {
    let mut world = World::new().await;
    world.enable(7).await.expect("it is on");
    for round in 0..rounds(4) as u64 {
        let outcomes = together(&mut world, |_| STEP + round, true).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }
    assert!(world.trail().await.iter().all(|event| event == "user.accept_totp_step success accepted"));
}

async fn together(world: &mut World, step: impl Fn(u64) -> u64, is_one: bool) -> Vec<Result<(), Refusal>> {
    let one = world.event();
    at_once(16, |number| {
        let event = if is_one { one.clone() } else { world.event() };
        let (store, user, now) = (world.store.clone(), world.user, world.now);
        let step = step(number as u64);
        async move { store.accept_totp_step(user, step, &event, now).await.expect("a database") }
    })
    .await
}
