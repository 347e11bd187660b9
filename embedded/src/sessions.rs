//! What the watch asks a server.
//!
//! This build of PostgreSQL has no timers: `statement_timeout` and `lock_timeout` never come to pass, and nobody looks
//! for deadlocks. So that nothing hangs, the watch stops whoever waits for a lock for long.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a busy server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long somebody may wait for a lock, in seconds.
const LOCK_WAIT: u32 = 10;

const QUERY: &str = "SELECT count(*) FROM pg_catalog.pg_stat_activity \
     WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_catalog.pg_backend_pid()";

/// Stops who waits for a lock for too long; gives how many sessions there are. Through a socket where the superuser is
/// trusted. Fails when the server does not answer.
pub(crate) fn tend(socket: &Path) -> io::Result<u64> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let parameters = b"\x00\x03\x00\x00user\0postgres\0database\0postgres\0\0";
    stream.write_all(&framed(None, parameters))?;
    read_until_ready(&mut stream)?;
    let stop = format!(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_locks \
         WHERE NOT granted AND waitstart < pg_catalog.clock_timestamp() - interval '{LOCK_WAIT} seconds'"
    );
    stream.write_all(&framed(Some(b'Q'), format!("{stop}; {QUERY}\0").as_bytes()))?;
    let row = read_until_ready(&mut stream)?;
    stream.write_all(&framed(Some(b'X'), b""))?;
    // Of a row: the number of columns, the length of the first, the first.
    let text = row.get(6..).unwrap_or_default();
    String::from_utf8_lossy(text).parse().map_err(|_| io::ErrorKind::InvalidData.into())
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX).to_be_bytes();
    kind.into_iter().chain(length).chain(body.iter().copied()).collect()
}

/// The last row before the server is ready for a query; empty when there is none.
fn read_until_ready(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut row = Vec::new();
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let mut body = Vec::new();
        stream.take(u64::from(u32::from_be_bytes(length).saturating_sub(4))).read_to_end(&mut body)?;
        match kind {
            b'Z' => return Ok(row),
            b'D' => row = body,
            b'E' => return Err(io::Error::other("the server refuses to answer")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_the_row_is_kept() {
        let answer =
            [framed(Some(b'T'), b"x"), framed(Some(b'D'), b"\0\x01\0\0\0\x012"), framed(Some(b'Z'), b"I")];
        assert_eq!(read_until_ready(&mut &answer.concat()[..]).unwrap(), b"\0\x01\0\0\0\x012");
    }

    #[test]
    fn a_refusal_and_an_answer_that_breaks_off_are_errors() {
        assert!(read_until_ready(&mut &framed(Some(b'E'), b"no")[..]).is_err());
        assert!(read_until_ready(&mut &framed(Some(b'D'), b"x")[..]).is_err());
    }
}
