//! Binary COPY, with a line that tells how far it is.

use std::io::IsTerminal;
use std::pin::Pin;
use std::time::Instant;

use anstream::{eprint, eprintln};
use authority_admin::Outcome;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::driver;
use crate::ground::Ground;
use crate::numbers::grouped;

/// Rows between two lines.
const STEP: u64 = 10_000;

/// A COPY that has begun.
pub(crate) struct Copy {
    writer: Pin<Box<BinaryCopyInWriter>>,
    what: &'static str,
    total: u64,
    written: u64,
    began: Instant,
    shows: bool,
}

impl Copy {
    /// Begins to write `total` rows into columns of a table. An enum is written as text, which is what its binary
    /// form is.
    pub(crate) async fn into(
        ground: &Ground,
        table: &str,
        columns: &[(&str, Type)],
        what: &'static str,
        total: u64,
    ) -> Outcome<Self> {
        let (names, types): (Vec<&str>, Vec<Type>) = columns.iter().cloned().unzip();
        let sql = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", names.join(", "));
        let client = ground.copying().await?;
        let sink = client.copy_in(&sql).await.map_err(driver)?;
        let writer = Box::pin(BinaryCopyInWriter::new(sink, &types));
        Ok(Self {
            writer,
            what,
            total,
            written: 0,
            began: Instant::now(),
            shows: std::io::stderr().is_terminal(),
        })
    }

    /// Writes a row.
    pub(crate) async fn row(&mut self, values: &[&(dyn ToSql + Sync)]) -> Outcome {
        self.writer.as_mut().write(values).await.map_err(driver)?;
        self.written += 1;
        if self.shows && self.written.is_multiple_of(STEP) {
            eprint!(
                "\r{}: {} of {}",
                self.what,
                grouped(self.written as f64, 0),
                grouped(self.total as f64, 0)
            );
        }
        Ok(())
    }

    /// Ends it. Fails when the server refused a row.
    pub(crate) async fn finish(mut self) -> Outcome {
        let rows = self.writer.as_mut().finish().await.map_err(driver)?;
        let line = if self.shows { "\r" } else { "" };
        eprintln!(
            "{line}loaded {} {} in {:.1} s",
            grouped(rows as f64, 0),
            self.what,
            self.began.elapsed().as_secs_f64()
        );
        Ok(())
    }
}
