use authority_entity::secret::PasswordHash;
use authority_store::{
    Actor, Change, ChangePassword, ChangePasswordRefusal, CurrentPassword, Elsewhere, Inactive,
    RotateRefusal, SessionRefusal, UserId,
};
use macro_rules_attribute::apply;

use tokio::task::JoinSet;

use super::hash;
use crate::store::crowd::at_once;
use crate::store::world::World;
use crate::support::Session;

pub(super) fn change<'a>(
    world: &World,
    current: CurrentPassword<'a>,
    new: &'a PasswordHash,
) -> ChangePassword<'a> {
    ChangePassword {
        user: world.user,
        new,
        current,
        must_change: false,
        elsewhere: Elsewhere::Revoked { but: None },
        actor: Actor::User(world.user),
        audit: None,
    }
}

impl World {
    pub(super) async fn change(&self, request: &ChangePassword<'_>) -> Result<(), ChangePasswordRefusal> {
        self.store.change_password(request, self.now).await.expect("a database")
    }

    async fn earlier(&self) -> Vec<String> {
        let passwords =
            self.store.passwords_of_user(self.user).await.expect("a database").expect("ada is there");
        passwords.earlier.reveal().map(str::to_owned).collect()
    }
}

#[apply(both_ways)]
async fn earlier_passwords_are_kept_newest_first_as_many_as_the_setting_says() {
    let mut world = World::new().await;
    assert_eq!(world.change(&change(&world, CurrentPassword::None, &hash(0))).await, Ok(()));
    assert!(world.earlier().await.is_empty());
    for number in 1..8 {
        world.wait(1);
        let (current, new) = (hash(number - 1), hash(number));
        assert_eq!(world.change(&change(&world, CurrentPassword::Is(&current), &new)).await, Ok(()));
    }
    let expected: Vec<String> = (2..7).rev().map(|number| hash(number).reveal().to_owned()).collect();
    assert_eq!(world.earlier().await, expected);
    let passwords =
        world.store.passwords_of_user(world.user).await.expect("a database").expect("ada is there");
    assert_eq!(passwords.current, Some(hash(7)));
    assert_eq!(world.column("password_changed_at = '2026-11-25T12:00:07Z'").await, "true");

    world.set("security.password_history_count", 2).await;
    assert_eq!(world.earlier().await, expected[..2], "a smaller setting counts at once");
    world.set("security.password_history_count", 100).await;
    for number in 8..40 {
        let new = hash(number);
        assert_eq!(world.change(&change(&world, CurrentPassword::Any, &new)).await, Ok(()));
    }
    assert_eq!(world.earlier().await.len(), 24, "the table takes no more");
    world.set("security.password_history_count", 0).await;
    assert_eq!(world.change(&change(&world, CurrentPassword::Any, &hash(99))).await, Ok(()));
    assert_eq!(world.column("cardinality(password_history)").await, "0");
}

#[apply(both_ways)]
async fn a_password_is_changed_once_however_often_it_is_asked_for() {
    let mut world = World::new().await;
    let (new, audit) = (hash(1), world.event());
    let request = ChangePassword { audit: Some(&audit), ..change(&world, CurrentPassword::None, &new) };
    for _ in 0..2 {
        assert_eq!(world.change(&request).await, Ok(()));
    }
    assert_eq!(world.column("revocation_epoch || ' ' || cardinality(password_history)").await, "1 0");
    assert_eq!(world.trail().await, ["user.change_password success changed"]);
}

#[apply(both_ways)]
async fn a_reset_that_is_told_again_after_another_one_brings_no_password_back() {
    let mut world = World::new().await;
    let (first, second, event) = (hash(1), hash(2), world.event());
    let resets = [None, Some(&event)]
        .map(|audit| ChangePassword { audit, ..change(&world, CurrentPassword::Any, &first) });
    let other = change(&world, CurrentPassword::Any, &second);
    for (reset, kept) in resets.iter().zip([5, 0]) {
        // Without a history only the event tells.
        world.set("security.password_history_count", kept).await;
        world
            .sql("UPDATE users SET password_hash = NULL, password_history = '{}', revocation_epoch = 0")
            .await;
        for request in [reset, &other, reset, reset] {
            assert_eq!(world.change(request).await, Ok(()));
        }
        assert_eq!(world.ada().await.password_hash, Some(hash(2)), "{kept} are kept");
        assert_eq!(world.column("revocation_epoch").await, "2");
    }
    assert_eq!(world.trail().await, ["user.change_password success changed"]);
}

#[apply(both_ways)]
async fn a_reset_that_is_sent_again_while_it_and_another_one_wait_brings_no_password_back() {
    let mut world = World::new().await;
    // Without a history only the event tells.
    world.set("security.password_history_count", 0).await;
    let event = world.event();
    let sql = format!("SELECT FROM users WHERE id = '{}' FOR UPDATE", world.user);
    let blocker = Session::begin(&world.database, &sql).await;
    let mut calls = JoinSet::new();
    for (waiting, number) in [(1, 1), (2, 2), (3, 1)] {
        let (store, user, now, event) = (world.store.clone(), world.user, world.now, event.clone());
        calls.spawn(async move {
            let new = hash(number);
            let request = ChangePassword {
                user,
                new: &new,
                current: CurrentPassword::Any,
                must_change: false,
                elsewhere: Elsewhere::Revoked { but: None },
                actor: Actor::System,
                audit: Some(&event),
            };
            store.change_password(&request, now).await
        });
        world.until_waiting(waiting).await;
    }
    blocker.end().await;
    for changed in calls.join_all().await {
        assert_eq!(changed.expect("a database"), Ok(()));
    }
    assert_eq!(world.ada().await.password_hash, Some(hash(2)));
    assert_eq!(world.column("revocation_epoch").await, "2");
}

#[apply(both_ways)]
async fn a_password_that_was_changed_meanwhile_stays() {
    let mut world = World::new().await;
    let audit = world.event();
    let (wrong, new) = (hash(1), hash(2));
    let request = ChangePassword { audit: Some(&audit), ..change(&world, CurrentPassword::Is(&wrong), &new) };
    assert_eq!(world.change(&request).await, Err(ChangePasswordRefusal::CurrentMismatch));
    assert_eq!(world.trail().await, ["user.change_password failure current_mismatch"]);
    assert_eq!(world.change(&change(&world, CurrentPassword::Any, &wrong)).await, Ok(()));
    assert_eq!(
        world.change(&change(&world, CurrentPassword::None, &new)).await,
        Err(ChangePasswordRefusal::CurrentMismatch)
    );
    assert_eq!(world.column("revocation_epoch").await, "1");
}

#[apply(both_ways)]
async fn of_simultaneous_changes_of_one_password_one_succeeds() {
    let world = World::new().await;
    let current = hash(99);
    world.change(&change(&world, CurrentPassword::None, &current)).await.expect("a first password");
    let outcomes = at_once(16, |number| {
        let (store, now, current, new) = (world.store.clone(), world.now, current.clone(), hash(number));
        let user = world.user;
        async move {
            let request = ChangePassword {
                user,
                new: &new,
                current: CurrentPassword::Is(&current),
                must_change: false,
                elsewhere: Elsewhere::Kept,
                actor: Actor::User(user),
                audit: None,
            };
            store.change_password(&request, now).await.expect("a database")
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = Err(ChangePasswordRefusal::CurrentMismatch);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), 15);
    assert_eq!(world.earlier().await, [current.reveal()]);
}

#[apply(both_ways)]
async fn a_change_ends_everything_but_the_session_in_which_it_happens() {
    let mut world = World::new().await;
    let (here, there) = (world.sign_in().await, world.sign_in().await);
    world.session = here.id();
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let offline = world.code_for("openid offline_access").await;
    let offline = world.tokens(&offline).await;
    let new = hash(1);
    let request = ChangePassword {
        elsewhere: Elsewhere::Revoked { but: Some(here.id()) },
        ..change(&world, CurrentPassword::None, &new)
    };
    assert_eq!(world.change(&request).await, Ok(()));
    assert!(world.present(&here).await.is_ok());
    assert_eq!(world.present(&there).await, Err(SessionRefusal::Revoked));
    for tokens in [&issued, &offline] {
        assert_eq!(world.introspect(&tokens.access).await, Err(Inactive::User));
        assert_eq!(world.rotate(&tokens.refresh).await.0.expect_err("revoked"), RotateRefusal::Revoked);
    }
    let sessions = world.store.sessions_of_user(world.user, world.now).await.expect("a database");
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [here.id()]);
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    assert!(world.introspect(&issued.access).await.is_ok(), "the session goes on");
}

#[apply(both_ways)]
async fn a_session_that_was_over_before_a_change_stays_over() {
    let mut world = World::new().await;
    let (old, ended) = (world.sign_in().await, world.sign_in().await);
    world.revoke_everything().await;
    let fresh = world.sign_in().await;
    world.store.end_session(&ended, None, world.now, &mut world.random).await.expect("a database");
    for (number, token) in [&old, &ended].into_iter().enumerate() {
        let new = hash(number);
        let request = ChangePassword {
            elsewhere: Elsewhere::Revoked { but: Some(token.id()) },
            ..change(&world, CurrentPassword::Any, &new)
        };
        assert_eq!(world.change(&request).await, Ok(()));
        assert_eq!(world.present(token).await, Err(SessionRefusal::Revoked));
    }
    assert_eq!(world.present(&fresh).await, Err(SessionRefusal::Revoked));
}

#[apply(both_ways)]
async fn a_first_password_may_leave_everything_as_it_is() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let new = hash(1);
    let request =
        ChangePassword { elsewhere: Elsewhere::Kept, ..change(&world, CurrentPassword::None, &new) };
    assert_eq!(world.change(&request).await, Ok(()));
    assert!(world.present(&token).await.is_ok());
}

#[apply(both_ways)]
async fn a_reset_needs_no_password_and_works_under_a_lock() {
    let mut world = World::new().await;
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    let new = hash(1);
    assert_eq!(
        world.change(&change(&world, CurrentPassword::None, &new)).await,
        Err(ChangePasswordRefusal::UserInactive)
    );
    let request = ChangePassword { must_change: true, ..change(&world, CurrentPassword::Any, &new) };
    assert_eq!(world.change(&request).await, Ok(()));
    let ada = world.ada().await;
    assert!(ada.must_change_password);
    assert_eq!(ada.password_hash, Some(hash(1)));
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(
        world.change(&change(&world, CurrentPassword::Any, &new)).await,
        Err(ChangePasswordRefusal::UserInactive)
    );
    world.user = UserId::new(world.now, &mut world.random);
    assert_eq!(
        world.change(&change(&world, CurrentPassword::Any, &new)).await,
        Err(ChangePasswordRefusal::UserInactive)
    );
    assert_eq!(world.store.passwords_of_user(world.user).await.expect("a database"), None);
}

#[apply(both_ways)]
async fn who_is_locked_out_guesses_no_current_password_either() {
    let mut world = World::new().await;
    world.sql("UPDATE users SET locked_at = '2026-11-25T12:00:00Z', locked_until = '2026-11-25T12:10:00Z', failed_login_attempts = 5").await;
    let new = hash(1);
    let change_of_person = change(&world, CurrentPassword::None, &new);
    assert_eq!(world.change(&change_of_person).await, Err(ChangePasswordRefusal::UserLocked));
    world.wait(600);
    assert_eq!(world.change(&change_of_person).await, Ok(()), "a lock that has ended is none");
}

#[apply(both_ways)]
async fn another_hash_of_the_same_password_changes_nothing_to_the_person() {
    let mut world = World::new().await;
    let first =
        format!("UPDATE users SET password_hash = '{}', password_changed_at = now()", hash(1).reveal());
    world.database.execute(&first).await;
    let before = world.column("(password_changed_at, password_history, revocation_epoch)").await;
    for expected in [Change::Done, Change::Already] {
        let audit = world.event();
        let upgraded =
            world.store.upgrade_password_hash(world.user, &hash(1), &hash(2), Some(&audit), world.now).await;
        assert_eq!(upgraded.expect("a database"), expected);
        assert_eq!(world.ada().await.password_hash, Some(hash(2)));
    }
    assert_eq!(world.column("(password_changed_at, password_history, revocation_epoch)").await, before);

    // The password was changed since, or there is nobody.
    let audit = world.event();
    let late =
        world.store.upgrade_password_hash(world.user, &hash(1), &hash(3), Some(&audit), world.now).await;
    assert_eq!(late.expect("a database"), Change::Unknown);
    assert_eq!(world.ada().await.password_hash, Some(hash(2)));
    world.database.execute("UPDATE users SET password_hash = NULL, password_changed_at = NULL").await;
    let none = world.store.upgrade_password_hash(world.user, &hash(2), &hash(3), None, world.now).await;
    assert_eq!(none.expect("a database"), Change::Unknown);
    let nobody = UserId::new(world.now, &mut world.random);
    let nobodys = world.store.upgrade_password_hash(nobody, &hash(2), &hash(3), None, world.now).await;
    assert_eq!(nobodys.expect("a database"), Change::Unknown);
    let mut trail = world.trail().await;
    trail.sort();
    let event = |outcome: &str| format!("user.upgrade_password_hash {outcome}");
    assert_eq!(trail, [event("failure unknown"), event("success already"), event("success done")]);
}
