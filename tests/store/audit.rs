//! The audit trail: events, pages, exports.

mod append;
mod export;
mod pages;
mod plans;

use authority_entity::sea_orm_active_enums::AuditOutcome;
use authority_store::{Actor, Audit, AuditEvent, AuditFilter, AuditRecord, ResourceRef};

use super::world::World;

/// What ada did to herself, to be changed by the test.
fn event<'a>(world: &World, name: &'a str, audit: &'a Audit) -> AuditEvent<'a> {
    AuditEvent {
        event: name,
        outcome: AuditOutcome::Success,
        actor: Actor::User(world.user).into(),
        resource: Some(ResourceRef { kind: "user", id: "1" }),
        client: Some(world.client),
        session: Some(world.session),
        audit,
    }
}

/// Writes an event a second after the one before.
async fn append(world: &mut World, name: &str, change: impl FnOnce(AuditEvent<'_>) -> AuditEvent<'_>) {
    world.wait(1);
    let audit = Audit::new(world.now, &mut world.random);
    let event = change(event(world, name, &audit));
    world.store.append_audit_event(&event, world.now).await.expect("a database");
}

/// Every event that the filter lets pass, the newest first.
async fn all(world: &World, filter: &AuditFilter<'_>) -> Vec<AuditRecord> {
    let page = world.store.page_audit_events(filter, None, 1000).await.expect("a database");
    assert_eq!(page.next, None);
    page.events
}

/// Events that the owner writes at once, a millisecond after each other: the event `number % 50`, of the actor
/// `number % 500`, to the resource `number % 2000`, with a failure among a hundred.
async fn fill(world: &World, first: u64, count: u64, millisecond: u64) {
    let last = first + count - 1;
    let sql = format!(
        "INSERT INTO audit_logs (id, event, outcome, actor_kind, actor_id, resource_kind, resource_id, user_agent, details,
                                 created_at)
         SELECT (lpad(to_hex({millisecond} + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
                'k' || n % 10 || '.e' || n % 50, (CASE n % 100 WHEN 7 THEN 'failure' ELSE 'success' END)::audit_outcome,
                'user', ('00000000-0000-7000-8000-' || lpad(to_hex(n % 500), 12, '0'))::uuid, 'user',
                (n % 2000)::text, 'agent ' || n, jsonb_build_object('number', n),
                to_timestamp(({millisecond} + n) / 1000.0)
         FROM generate_series({first}::bigint, {last}) n"
    );
    world.database.execute(&sql).await;
}
