use authority_store::{Actor, Change, ClientId, ExchangeRefusal, Inactive, RotateRefusal};
use macro_rules_attribute::apply;

use crate::store::world::World;

#[apply(both_ways)]
async fn a_disabled_client_gets_nothing_and_what_it_had_stays_dead() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let pending = world.code().await;
    for expected in [Change::Done, Change::Already] {
        let audit = world.event();
        let disabled = world.store.disable_client(world.client, Actor::System, Some(&audit), world.now).await;
        assert_eq!(disabled.expect("a database"), expected);
    }
    assert_eq!(world.registered("app").await.expect("a client").disabled_at, Some(world.now));
    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::Client));
    let (access, refresh) = world.new_tokens();
    assert_eq!(world.exchange(&pending, &access, &refresh).await, Err(ExchangeRefusal::ClientDisabled));
    for expected in [Change::Done, Change::Already] {
        let audit = world.event();
        let enabled = world.store.enable_client(world.client, Actor::System, Some(&audit), world.now).await;
        assert_eq!(enabled.expect("a database"), expected);
    }
    assert_eq!(world.introspect(&issued.access).await, Err(Inactive::Client));
    assert_eq!(world.rotate(&issued.refresh).await.0.expect_err("revoked"), RotateRefusal::Revoked);
    assert_eq!(world.exchange(&pending, &access, &refresh).await, Err(ExchangeRefusal::Revoked));
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    assert!(world.introspect(&issued.access).await.is_ok());

    let mut trail: Vec<_> =
        world.trail().await.into_iter().filter(|event| event.starts_with("client.")).collect();
    trail.sort();
    assert_eq!(
        trail,
        [
            "client.disable success already",
            "client.disable success done",
            "client.enable success already",
            "client.enable success done"
        ]
    );
    let nobody = ClientId::new(world.now, &mut world.random);
    let disabled = world.store.disable_client(nobody, Actor::System, None, world.now).await;
    assert_eq!(disabled.expect("a database"), Change::Unknown);
    let enabled = world.store.enable_client(nobody, Actor::System, None, world.now).await;
    assert_eq!(enabled.expect("a database"), Change::Unknown);
}
