use std::borrow::Cow;

use authority_entity::sea_orm_active_enums::AuditOutcome;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::label::label;
use crate::statements::{
    AUDIT_LOGS_EXPORT, AUDIT_LOGS_EXPORT_OF_ACTOR, AUDIT_LOGS_EXPORT_OF_EVENT, AUDIT_LOGS_EXPORT_OF_EVENTS,
    AUDIT_LOGS_EXPORT_OF_RESOURCE, AUDIT_LOGS_PAGE, AUDIT_LOGS_PAGE_OF_ACTOR, AUDIT_LOGS_PAGE_OF_EVENT,
    AUDIT_LOGS_PAGE_OF_EVENTS, AUDIT_LOGS_PAGE_OF_RESOURCE,
};
use crate::store::Parameter;
use crate::text::comparable;
use crate::{AuditRecord, Statement, Store, StoreError};

/// Which events. All of them by default; what is given has to hold together.
///
/// Each combination has a statement whose index finds the events in their order: by the resource, or else by the actor,
/// or else by the name of the event, or else by the time alone. Whatever else is asked for is looked for among those.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditFilter<'a> {
    /// From this time on. The time of an event is that in its id, which is the order of events as well, in
    /// milliseconds; `created_at` is the same but for the moments between [`crate::Audit::new`] and the operation.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
    /// Who did it: `users.id` or `clients.id`.
    pub actor: Option<Uuid>,
    /// What happened.
    pub event: Option<EventFilter<'a>>,
    /// What it was done to.
    pub resource: Option<ResourceRef<'a>>,
    /// How it ended.
    pub outcome: Option<AuditOutcome>,
}

/// Names of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFilter<'a> {
    /// This one: `user.login`.
    Is(&'a str),
    /// Those that begin like this: `user.`.
    BeginsWith(&'a str),
}

/// What an event was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceRef<'a> {
    /// `user`, `client`, `scope`, `setting`, `session` and so on.
    pub kind: &'a str,
    /// Which one, by its key.
    pub id: &'a str,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

/// The ids of a part of the trail: from `first`, without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) first: Uuid,
    pub(super) end: Uuid,
}

impl AuditFilter<'_> {
    pub(super) fn ids(&self) -> Ids {
        Ids {
            first: self.since.map_or(Uuid::nil(), first_id),
            // A UUIDv7 is never the largest UUID.
            end: self.until.map_or(Uuid::max(), first_id),
        }
    }
}

/// The smallest id of this time or later.
fn first_id(time: DateTime<Utc>) -> Uuid {
    let exact = time.timestamp_subsec_nanos().is_multiple_of(1_000_000);
    let milliseconds = time.timestamp_millis() + i64::from(!exact);
    let milliseconds = u128::try_from(milliseconds).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(milliseconds << 80)
}

impl Store {
    /// The first events among these ids, in this order.
    pub(super) async fn audit_events(
        &self,
        filter: &AuditFilter<'_>,
        ids: Ids,
        most: i64,
        order: Order,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let outcome: Option<Cow<'static, str>> = filter.outcome.as_ref().map(label);
        let (exact, prefix) = match filter.event {
            Some(EventFilter::Is(name)) => (Some(comparable(name)), None),
            // No name begins so, and PostgreSQL takes no NUL.
            Some(EventFilter::BeginsWith(prefix)) if prefix.contains('\0') => (Some(""), None),
            Some(EventFilter::BeginsWith(prefix)) => (None, Some(prefix)),
            None => (None, None),
        };
        let range: [Parameter<'_>; 4] = [&ids.first, &ids.end, &most, &outcome];
        let resource = filter.resource.map(|resource| (comparable(resource.kind), comparable(resource.id)));
        let (newest, oldest, more): (_, _, &[Parameter<'_>]) =
            match (&resource, &filter.actor, &exact, &prefix) {
                (Some((kind, id)), ..) => (
                    &AUDIT_LOGS_PAGE_OF_RESOURCE,
                    &AUDIT_LOGS_EXPORT_OF_RESOURCE,
                    &[&filter.actor, &exact, &prefix, kind, id],
                ),
                (None, Some(actor), ..) => {
                    (&AUDIT_LOGS_PAGE_OF_ACTOR, &AUDIT_LOGS_EXPORT_OF_ACTOR, &[actor, &exact, &prefix])
                }
                (None, None, Some(name), _) => {
                    (&AUDIT_LOGS_PAGE_OF_EVENT, &AUDIT_LOGS_EXPORT_OF_EVENT, &[name])
                }
                (None, None, None, Some(prefix)) => {
                    (&AUDIT_LOGS_PAGE_OF_EVENTS, &AUDIT_LOGS_EXPORT_OF_EVENTS, &[prefix])
                }
                (None, None, None, None) => (&AUDIT_LOGS_PAGE, &AUDIT_LOGS_EXPORT, &[]),
            };
        let statement: &'static Statement = if order == Order::NewestFirst { newest } else { oldest };
        let rows = self.run(statement, &[&range[..], more].concat()).await?;
        rows.into_iter().map(|row| AuditRecord::read(statement, row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::first_id;
    use crate::{AuditLogId, STATEMENTS, system_random};

    #[test]
    fn an_export_finds_what_pages_find_in_the_opposite_order() {
        let text = |name: &str| STATEMENTS.iter().find(|statement| statement.name == name).unwrap().sql;
        for of in ["", "_of_actor", "_of_event", "_of_events", "_of_resource"] {
            let page = text(&format!("audit_logs.page{of}"));
            assert!(page.contains("ORDER BY l.id DESC"));
            assert_eq!(text(&format!("audit_logs.export{of}")), page.replace(" DESC", ""));
        }
    }

    #[test]
    fn the_first_id_of_a_time_is_between_the_ids_before_and_from_then_on() {
        let now = DateTime::from_timestamp_millis(1_795_000_000_000).unwrap();
        let mut random = system_random();
        for _ in 0..100 {
            assert!(AuditLogId::new(now, &mut random).uuid() >= first_id(now));
            let before = now - TimeDelta::milliseconds(1);
            assert!(AuditLogId::new(before, &mut random).uuid() < first_id(now));
            assert!(AuditLogId::new(now, &mut random).uuid() < first_id(now + TimeDelta::microseconds(1)));
        }
    }
}
