use super::AuditCursor;
use super::filter::{Ids, Order};
use crate::{AuditFilter, AuditRecord, Store, StoreError};

/// A page has no more.
const MOST: u16 = 1000;

/// Some events, the newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<AuditRecord>,
    /// Where the next page begins; none when this is the last one.
    pub next: Option<AuditCursor>,
}

impl Store {
    /// A page of the audit trail, the newest events first: one statement.
    ///
    /// It begins after `cursor`, so pages neither repeat nor skip an event while new ones are written. It has `size`
    /// events, at least one and at most a thousand, and fewer on the last page.
    pub async fn page_audit_events(
        &self,
        filter: &AuditFilter<'_>,
        cursor: Option<AuditCursor>,
        size: u16,
    ) -> Result<AuditPage, StoreError> {
        let size = usize::from(size.clamp(1, MOST));
        let ids = filter.ids();
        let end = cursor.map_or(ids.end, |cursor| cursor.uuid().min(ids.end));
        // One more tells whether there are more.
        let most = i64::from(u16::try_from(size).unwrap_or(MOST)) + 1;
        let mut events = self.audit_events(filter, Ids { end, ..ids }, most, Order::NewestFirst).await?;
        let is_last = events.len() <= size;
        events.truncate(size);
        let next = events.last().filter(|_| !is_last).map(|event| AuditCursor::after(event.id));
        Ok(AuditPage { events, next })
    }
}
