//! What a replica with `hot_standby_feedback = on` says to its primary, without the replica (PostgreSQL manual 55.4).

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use authority_local_postgres::SUPERUSER;

/// A replica that has told which transactions its queries still look at.
pub(super) struct Replica(#[expect(dead_code, reason = "it lasts as long as its connection")] UnixStream);

impl Replica {
    /// One that reads from this position on, through a slot or without, and looks back to a transaction.
    pub(super) fn looking_back(
        socket: &str,
        name: &str,
        slot: Option<&str>,
        position: &str,
        transaction: u64,
    ) -> Self {
        let mut stream = UnixStream::connect(socket).expect("the server's socket");
        let mut start = 196_608_u32.to_be_bytes().to_vec();
        for text in ["user", SUPERUSER, "replication", "true", "application_name", name, ""] {
            start.extend(text.bytes().chain([0]));
        }
        send(&mut stream, None, &start);
        wait_for(&mut stream, b'Z');
        let slot = slot.map(|slot| format!("SLOT {slot} ")).unwrap_or_default();
        let query = format!("START_REPLICATION {slot}PHYSICAL {position}\0");
        send(&mut stream, Some(b'Q'), query.as_bytes());
        wait_for(&mut stream, b'W');
        // The time, xmin and its epoch, and no xmin of the catalog.
        let mut feedback = vec![b'h'];
        feedback.extend([0; 8]);
        let (epoch, id) = (transaction >> 32, transaction & 0xffff_ffff);
        for number in [id, epoch, 0, 0] {
            feedback.extend(u32::try_from(number).expect("half of it").to_be_bytes());
        }
        send(&mut stream, Some(b'd'), &feedback);
        Self(stream)
    }
}

fn send(stream: &mut UnixStream, kind: Option<u8>, body: &[u8]) {
    let length = u32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
    let message = [kind.as_slice(), &length, body].concat();
    stream.write_all(&message).expect("the server reads");
}

/// Reads messages until there is one of this kind.
fn wait_for(stream: &mut UnixStream, wanted: u8) {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).expect("the server answers");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) - 4;
        let mut body = vec![0; usize::try_from(length).expect("a length")];
        stream.read_exact(&mut body).expect("the rest of the message");
        assert_ne!(head[0], b'E', "{}", String::from_utf8_lossy(&body));
        if head[0] == wanted {
            return;
        }
    }
}
