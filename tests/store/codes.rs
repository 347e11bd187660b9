//! Authorization codes.

mod exchanged;
mod issued;
mod refused;

use authority_store::{ExchangeRefusal, Inactive, RotateRefusal, Rotation};
use macro_rules_attribute::apply;

use super::world::World;

#[apply(both_ways)]
async fn a_code_gives_tokens_once() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let active = world.introspect(&issued.access).await.expect("an active token");
    assert_eq!(active.user, Some(world.user));
    assert_eq!(active.username.as_deref(), Some("ada"));
    assert_eq!(active.client_id.as_str(), "app");
    assert_eq!(active.scopes, "openid profile".parse().expect("scopes"));
    assert_eq!(active.session, Some(world.session));
    assert_eq!(issued.exchanged.nonce.as_deref(), Some("n-0S6_WzA2Mj"));
    assert!(issued.exchanged.grant.refresh_expires_at.is_some());

    let (access, refresh) = world.new_tokens();
    assert_eq!(world.exchange(&code, &access, &refresh).await, Err(ExchangeRefusal::Replayed));
    assert_eq!(world.introspect(&access).await, Err(Inactive::Unknown));
    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::Revoked));
    let (outcome, ..) = world.rotate(&issued.refresh).await;
    assert_eq!(outcome.expect_err("revoked"), RotateRefusal::Revoked);
}

#[apply(both_ways)]
async fn a_refresh_token_gives_its_successor() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let (outcome, successor, access) = world.rotate(&issued.refresh).await;
    assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
    assert!(world.introspect(&access).await.is_ok());

    let (outcome, ..) = world.rotate(&issued.refresh).await;
    let Ok(Rotation::Repeated(_, again)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(again.digest(), successor.digest());

    let (outcome, ..) = world.rotate(&successor).await;
    assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
    let (outcome, ..) = world.rotate(&issued.refresh).await;
    assert_eq!(outcome.expect_err("theft"), RotateRefusal::Reused);
    assert_eq!(world.introspect(&access).await, Err(Inactive::Family));
}
