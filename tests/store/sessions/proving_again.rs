use authority_store::{Actor, ErrorCode, FailedLogin, Reauthenticate, SessionRefusal, SessionToken};
use macro_rules_attribute::apply;

use crate::store::world::World;

impl World {
    /// Ada proves more in a session: `acr` 2 and a one-time password.
    pub(crate) async fn prove_again(
        &mut self,
        token: &SessionToken,
        successor: &SessionToken,
    ) -> Result<(), SessionRefusal> {
        let audit = self.event();
        let amr = ["pwd".to_owned(), "otp".to_owned()];
        let request = Reauthenticate {
            token,
            successor,
            auth_time: self.now,
            acr: Some("2"),
            amr: &amr,
            audit: Some(&audit),
        };
        self.store.reauthenticate_session(&request, self.now, &mut self.random).await.expect("a database")
    }
}

#[apply(both_ways)]
async fn a_stronger_proof_is_kept_and_replaces_the_cookie() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let successor = SessionToken::for_id(token.id(), &mut world.random);
    world.wait(60);
    let proved = world.now;
    assert_eq!(world.prove_again(&token, &successor).await, Ok(()));
    world.wait(1);
    assert_eq!(world.prove_again(&token, &successor).await, Ok(()), "the same call again");
    let session = world.store.authenticate_session(&successor, world.now, &mut world.random).await;
    let session = session.expect("a database").expect("a session");
    assert_eq!((session.auth_time, session.acr.as_deref()), (proved, Some("2")));
    assert_eq!(session.amr, ["pwd", "otp"]);
    let old = world.store.authenticate_session(&token, world.now, &mut world.random).await;
    assert_eq!(old.expect("a database"), Err(SessionRefusal::Unknown));
    let other = SessionToken::for_id(token.id(), &mut world.random);
    assert_eq!(world.prove_again(&token, &other).await, Err(SessionRefusal::Unknown));
    let foreign = SessionToken::generate(world.now, &mut world.random);
    assert_eq!(world.prove_again(&successor, &foreign).await, Err(SessionRefusal::Unknown));
    assert!(world.present(&successor).await.is_ok());
}

#[apply(both_ways)]
async fn nothing_is_proved_in_a_session_that_is_over() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let successor = SessionToken::for_id(token.id(), &mut world.random);
    let begun = world.now;
    world.wait(1800);
    assert_eq!(world.prove_again(&token, &successor).await, Err(SessionRefusal::Idle));
    world.wait(7 * 86400);
    assert_eq!(world.prove_again(&token, &successor).await, Err(SessionRefusal::Expired));
    world.now = begun;
    world.revoke_everything().await;
    assert_eq!(world.prove_again(&token, &successor).await, Err(SessionRefusal::Revoked));
    world.store.lock_user(world.user, None, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.prove_again(&token, &successor).await, Err(SessionRefusal::UserInactive));
    world.store.end_session(&token, None, world.now, &mut world.random).await.expect("a database");
    assert_eq!(world.prove_again(&token, &successor).await, Err(SessionRefusal::Revoked));
}

#[apply(both_ways)]
async fn while_guesses_are_kept_away_nothing_is_proved_and_the_session_goes_on() {
    let mut world = World::new().await;
    let token = world.sign_in().await;
    let (second, third) = (
        SessionToken::for_id(token.id(), &mut world.random),
        SessionToken::for_id(token.id(), &mut world.random),
    );
    assert_eq!(world.prove_again(&token, &second).await, Ok(()));
    world.set("security.lockout_threshold", 1).await;
    let event = world.event();
    let failed = world.store.record_failed_login(Some(world.user), &event, world.now).await;
    assert!(matches!(failed.expect("a database"), FailedLogin::Locked { .. }));
    assert_eq!(world.prove_again(&second, &third).await, Err(SessionRefusal::UserLocked));
    assert_eq!(SessionRefusal::UserLocked.error_code(), ErrorCode::AccessDenied);
    assert_eq!(world.prove_again(&token, &second).await, Ok(()), "the same call again");
    assert!(world.present(&second).await.is_ok());
    assert_eq!(world.present(&third).await, Err(SessionRefusal::Unknown));
    world.sql("UPDATE users SET locked_until = locked_at + interval '20 minutes'").await;
    world.wait(20 * 60);
    assert_eq!(world.prove_again(&second, &third).await, Ok(()), "a lock that has ended is none");
}
