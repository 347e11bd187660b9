use std::io;

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use super::filter::{Ids, Order};
use super::{csv, json};
use crate::{AuditFilter, Store, StoreError};

/// Events of one statement, all that is in memory at a time.
const BATCH: u16 = 1000;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Comma-separated values (RFC 4180) with a header, for spreadsheets: a field that one would take for a formula, or
    /// that begins with an apostrophe, has an apostrophe before it. What is absent is an empty field.
    Csv,
    /// JSON, one object a line, for programs. What is absent is `null`.
    JsonLines,
}

/// What was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many events.
    pub events: u64,
}

/// Why an export ended early. What was written until then is whole events.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The database gave no more events.
    #[error("the events cannot be read")]
    Store(#[from] StoreError),
    /// They could not be written, not all of them; the last event may be cut.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

impl Store {
    /// Writes the events into a file, a response or a pipe, the oldest first, and flushes it.
    ///
    /// One statement for every thousand events, and the next one only when those are written: so an export holds a
    /// thousand events in memory, and, however long it takes and however slowly it is read, no connection and no
    /// snapshot, which would keep VACUUM from its work and a pooler from lending the connection to others. A lost
    /// connection costs one statement's repetition. The trail only grows, so its pages are as good as one snapshot of
    /// what had happened before `filter.until`; give one, for without it an export goes on until it meets the present.
    /// An event that is written with an id of before, by an operation that was still running when the export
    /// passed, is not in it: let `until` lie a minute back where each one counts.
    pub async fn export_audit_events(
        &self,
        filter: &AuditFilter<'_>,
        format: ExportFormat,
        into: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Exported, ExportError> {
        let mut ids = filter.ids();
        let mut exported = Exported { events: 0 };
        let mut text = Vec::new();
        if format == ExportFormat::Csv {
            text.extend_from_slice(csv::HEADER.as_bytes());
        }
        loop {
            let events = self.audit_events(filter, ids, i64::from(BATCH), Order::OldestFirst).await?;
            for event in &events {
                match format {
                    ExportFormat::Csv => csv::write(event, &mut text),
                    ExportFormat::JsonLines => json::write(event, &mut text),
                }
            }
            into.write_all(&text).await?;
            text.clear();
            exported.events += events.len() as u64;
            let last = events.last().filter(|_| events.len() == usize::from(BATCH));
            let Some(last) = last else { break };
            ids = Ids { first: Uuid::from_u128(last.id.uuid().as_u128() + 1), ..ids };
        }
        into.flush().await?;
        Ok(exported)
    }
}
