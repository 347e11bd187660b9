//! Refresh tokens against a reference model, one call after the other and many at once.
//!
//! `AUTHORITY_MODEL_CASES` says with how many histories.

mod reference;

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use authority_connection::Environment;
use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{AccessToken, Actor, PresentedAccessToken, RefreshToken, Revocation, Rotation, Store};
use chrono::{DateTime, Utc};
use macro_rules_attribute::apply;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use self::reference::{Family, Outcome, Why};
use super::crowd::{Party, at_once};
use super::world::World;

/// What somebody does. A number chooses among the tokens or calls that there are.
#[derive(Clone, Debug)]
enum Step {
    /// Presents a token: the newest that was made, or any other, also one that was stolen or was made in vain.
    Present(usize),
    /// Presents the token that is good at the moment.
    Refresh,
    /// Makes a call again whose answer was lost, however long ago that was.
    Retry(usize),
    /// Presents something made up under the family's id.
    Forge,
    RevokeFamily,
    RevokeUser,
    /// Time passes: within the grace, over it, over the idle lifetime, over everything.
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Refresh),
        4 => any::<usize>().prop_map(Step::Present),
        4 => any::<usize>().prop_map(Step::Retry),
        1 => Just(Step::Forge),
        1 => Just(Step::RevokeFamily),
        1 => Just(Step::RevokeUser),
        3 => prop::sample::select(vec![1, 5, 9, 10, 11, 50, 99, 100, 400]).prop_map(Step::Wait),
    ]
}

/// A call of `rotate_refresh_token`, which can be made again.
#[derive(Clone)]
struct Call {
    presented: usize,
    successor: usize,
    access: Arc<AccessToken>,
    now: DateTime<Utc>,
}

/// What is known of a family on the server: every token that was ever made for it, and every call.
struct History {
    tokens: Vec<Arc<RefreshToken>>,
    calls: Vec<Call>,
    /// Which of the tokens are made up.
    forged: HashSet<usize>,
    issued: Vec<Arc<AccessToken>>,
}

impl History {
    async fn begin(world: &mut World) -> (Self, Family) {
        let token = world.family("openid offline_access").await;
        let family = Family::new(world.now);
        (
            Self {
                tokens: vec![Arc::new(token)],
                calls: Vec::new(),
                forged: HashSet::new(),
                issued: Vec::new(),
            },
            family,
        )
    }

    /// A call that presents a token for the first time.
    fn call(&mut self, world: &mut World, presented: usize) -> Call {
        let successor = self.tokens[presented].successor(&mut world.random);
        if self.forged.contains(&presented) {
            self.forged.insert(self.tokens.len());
        }
        self.tokens.push(Arc::new(successor));
        let access = Arc::new(AccessToken::generate(world.now, &mut world.random));
        let call = Call { presented, successor: self.tokens.len() - 1, access, now: world.now };
        self.calls.push(call.clone());
        call
    }

    /// The call that a step is, if it is one.
    fn call_of(&mut self, world: &mut World, step: &Step, good: usize) -> Option<Call> {
        match step {
            Step::Refresh => Some(self.call(world, good)),
            Step::Present(number) => Some(self.call(world, number % self.tokens.len())),
            Step::Retry(number) => {
                let count = self.calls.len();
                (count > 0).then(|| self.calls[number % count].clone())
            }
            Step::Forge => {
                let forged = RefreshToken::for_id(self.tokens[0].family(), &mut world.random);
                self.forged.insert(self.tokens.len());
                self.tokens.push(Arc::new(forged));
                Some(self.call(world, self.tokens.len() - 1))
            }
            _ => None,
        }
    }

    /// The token that a call presents, unless it is made up.
    fn genuine(&self, call: &Call) -> Option<usize> {
        (!self.forged.contains(&call.presented)).then_some(call.presented)
    }

    async fn run(&self, party: Party, call: &Call) -> Outcome {
        let (token, successor) = (&self.tokens[call.presented], &self.tokens[call.successor]);
        let outcome = Party { now: call.now, ..party }.rotate(token, (&call.access, successor), None).await;
        match outcome.expect("a database") {
            Ok(Rotation::Rotated(_)) => Outcome::Rotated,
            Ok(Rotation::Repeated(_, successor)) => {
                let same = |token: &Arc<RefreshToken>| token.digest() == successor.digest();
                Outcome::Repeated(self.tokens.iter().position(same).expect("a token that was made"))
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// Of all tokens the good one is active, if the family lives, and nothing else; and access tokens live with it.
    async fn agrees(&self, world: &World, family: &Family) {
        for (number, token) in self.tokens.iter().enumerate() {
            let found = world.store.introspect_refresh_token(token, world.now).await.expect("a database");
            assert_eq!(
                found.is_ok(),
                family.is_alive(world.now) && number == family.current,
                "{number}: {found:?}"
            );
        }
        let presented: Vec<_> = self.issued.iter().map(|token| PresentedAccessToken::Opaque(token)).collect();
        for found in world.store.introspect_access_tokens(&presented, world.now).await.expect("a database") {
            if family.is_revoked() {
                assert!(found.is_err(), "an access token of a revoked family is active");
            } else if let Err(why) = found {
                assert_eq!(why, authority_store::Inactive::Expired);
            }
        }
    }
}

async fn revoke_family(store: &Store, token: &RefreshToken, now: DateTime<Utc>) -> Outcome {
    let reason = RevocationReason::UserRequest;
    let revoked = store.revoke_family(token.family(), None, reason, Actor::System, None, now).await;
    Outcome::Revocation(revoked.expect("a database") == Revocation::Revoked)
}

async fn revoke_user(world: &World) {
    let reason = RevocationReason::Administrator;
    let revoked = world.store.revoke_tokens_of_user(world.user, reason, Actor::System, None, world.now).await;
    revoked.expect("a database");
    world.sql("UPDATE sessions SET user_epoch = (SELECT revocation_epoch FROM users)").await;
}

/// One step after the other.
async fn in_sequence(world: &mut World, steps: Vec<Step>) {
    let (mut history, mut family) = History::begin(world).await;
    for step in steps {
        match &step {
            Step::Wait(seconds) => world.wait(i64::from(*seconds)),
            Step::RevokeUser => {
                revoke_user(world).await;
                family.revoke_user();
            }
            Step::RevokeFamily => {
                let wanted = family.revoke(Why::Request, world.now);
                assert_eq!(revoke_family(&world.store, &history.tokens[0], world.now).await, wanted);
            }
            _ => {
                let Some(call) = history.call_of(world, &step, family.current) else { continue };
                let known = history.genuine(&call);
                let wanted = family.present(known, call.successor, call.now);
                let outcome = history.run(world.party(), &call).await;
                assert_eq!(outcome, wanted, "{step:?} of {family:?}");
                if matches!(outcome, Outcome::Rotated | Outcome::Repeated(_)) {
                    history.issued.push(Arc::clone(&call.access));
                }
            }
        }
    }
    history.agrees(world, &family).await;
}

/// Some steps at once, several times: some order of theirs has to explain what came out.
async fn in_groups(world: &mut World, groups: Vec<Vec<Step>>) {
    let (mut history, family) = History::begin(world).await;
    let mut possible = HashSet::from([family]);
    for group in groups {
        let good = possible.iter().next().expect("a state").current;
        let mut calls = Vec::new();
        for step in &group {
            match step {
                Step::Wait(seconds) => world.wait(i64::from(*seconds % 12)),
                Step::RevokeFamily => calls.push(None),
                Step::RevokeUser => {}
                _ => calls.extend(history.call_of(world, step, good).map(Some)),
            }
        }
        let shared = Arc::new(history);
        let outcomes = at_once(calls.len(), |number| {
            let (history, call, party) = (Arc::clone(&shared), calls[number].clone(), world.party());
            async move {
                match call {
                    Some(call) => history.run(party, &call).await,
                    None => revoke_family(&party.store, &history.tokens[0], party.now).await,
                }
            }
        })
        .await;
        history = Arc::into_inner(shared).expect("nobody else has it");
        for (call, outcome) in calls.iter().zip(&outcomes) {
            if let (Some(call), Outcome::Rotated | Outcome::Repeated(_)) = (call, outcome) {
                history.issued.push(Arc::clone(&call.access));
            }
        }
        let mut next = HashSet::new();
        for family in &possible {
            orders(&mut (0..calls.len()).collect(), 0, &mut |order| {
                let mut family = family.clone();
                let explains = order.iter().all(|&number| {
                    let wanted = match &calls[number] {
                        Some(call) => family.present(history.genuine(call), call.successor, call.now),
                        None => family.revoke(Why::Request, world.now),
                    };
                    wanted == outcomes[number]
                });
                if explains {
                    next.insert(family);
                }
            });
        }
        assert!(!next.is_empty(), "no order explains {outcomes:?} of {group:?} in {possible:?}");
        possible = next;
    }
    let [family] = &*possible.into_iter().collect::<Vec<_>>() else { return };
    history.agrees(world, family).await;
}

/// Calls with every order of some numbers.
fn orders(numbers: &mut Vec<usize>, fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed == numbers.len() {
        return visit(numbers);
    }
    for other in fixed..numbers.len() {
        numbers.swap(fixed, other);
        orders(numbers, fixed + 1, visit);
        numbers.swap(fixed, other);
    }
}

/// Has histories tried on one database, and the shortest shown that fails.
async fn check<S: Strategy>(cases: u32, strategy: &S, case: impl AsyncFn(&mut World, S::Value)) {
    let world = World::with("max_pool_size=8").await;
    world.sql("UPDATE clients SET refresh_token_ttl = 100, refresh_token_absolute_ttl = 1000").await;
    // The clock of the histories goes on and on.
    world.sql("UPDATE sessions SET expires_at = 'epoch'::timestamptz + interval '200 years', idle_expires_at = 'epoch'::timestamptz + interval '200 years'").await;
    let world = RefCell::new(world);
    let told = Environment::from_process()
        .expect("the environment can be read")
        .get_os("AUTHORITY_MODEL_CASES")
        .map(|cases| cases.to_str().and_then(|text| text.parse().ok()).expect("a number"));
    let config = Config {
        cases: told.unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 200,
        ..Config::with_source_file(file!())
    };
    let outcome = block_in_place(|| {
        TestRunner::new(config).run(strategy, |steps| {
            Handle::current().block_on(case(&mut world.borrow_mut(), steps));
            Ok(())
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[apply(both_ways)]
async fn histories_of_one_call_after_the_other_end_as_in_the_model() {
    let histories = prop::collection::vec(step(), 1..24);
    check(60, &histories, async |world, steps| in_sequence(world, steps).await).await;
}

#[apply(both_ways)]
async fn histories_of_many_calls_at_once_are_explained_by_some_order() {
    let groups = prop::collection::vec(prop::collection::vec(step(), 1..5), 1..6);
    check(60, &groups, async |world, groups| in_groups(world, groups).await).await;
}
