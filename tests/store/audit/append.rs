use authority_entity::sea_orm_active_enums::AuditActorKind;
use authority_store::{AuditActor, StoreError};
use macro_rules_attribute::apply;

use super::*;

#[apply(both_ways)]
async fn an_event_is_written_once_however_often_it_is_sent() {
    let mut world = World::new().await;
    let audit = Audit::new(world.now, &mut world.random)
        .ip_address([203, 0, 113, 9].into())
        .user_agent("a\nb")
        .request_id("r-1")
        .detail("why", "because");
    let event = event(&world, "user.login", &audit);
    for _ in 0..3 {
        world.store.append_audit_event(&event, world.now).await.expect("a database");
    }
    let events = all(&world, &AuditFilter::default()).await;
    let [record] = &events[..] else { panic!("{events:?}") };
    assert_eq!((record.event.as_str(), record.outcome), ("user.login", AuditOutcome::Success));
    assert_eq!(record.created_at, world.now);
    assert_eq!(record.actor, Actor::User(world.user).into());
    assert_eq!(record.resource_kind.as_deref(), Some("user"));
    assert_eq!(record.resource_id.as_deref(), Some("1"));
    assert_eq!((record.client, record.session), (Some(world.client), Some(world.session)));
    assert_eq!(record.ip_address.as_deref(), Some("203.0.113.9"));
    assert_eq!(record.user_agent.as_deref(), Some("ab"));
    assert_eq!(record.request_id.as_deref(), Some("r-1"));
    assert_eq!(record.details, serde_json::json!({ "why": "because" }));
}

#[apply(both_ways)]
async fn nobody_known_and_the_system_are_actors_too() {
    let mut world = World::new().await;
    let nobody = AuditActor::unknown(AuditActorKind::User);
    append(&mut world, "user.login", |event| AuditEvent { actor: nobody, resource: None, ..event }).await;
    append(&mut world, "system.start", |event| AuditEvent { actor: Actor::System.into(), ..event }).await;
    let actors: Vec<_> =
        all(&world, &AuditFilter::default()).await.iter().map(|record| record.actor).collect();
    assert_eq!(actors, [Actor::System.into(), nobody]);
}

#[apply(both_ways)]
async fn what_the_trail_may_not_hold_is_refused() {
    let mut world = World::new().await;
    let audit = Audit::new(world.now, &mut world.random);
    let secret = Audit::new(world.now, &mut world.random).detail("client_secret", "s");
    let cases = [
        (event(&world, "login", &audit), "ck_audit_logs_event"),
        (event(&world, "user.login", &secret), "ck_audit_logs_details_without_secrets"),
        (
            AuditEvent {
                resource: Some(ResourceRef { kind: "User", id: "1" }),
                ..event(&world, "user.login", &audit)
            },
            "ck_audit_logs_resource_kind",
        ),
    ];
    for (event, name) in cases {
        let error = world.store.append_audit_event(&event, world.now).await.expect_err("a refusal");
        assert!(matches!(&error, StoreError::Constraint { constraint, .. } if constraint == name), "{error}");
    }
}
