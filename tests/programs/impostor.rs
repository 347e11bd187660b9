//! Servers that are not what they should be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Something that listens on a port of this machine until the tests end.
pub(crate) struct Impostor {
    port: u16,
}

impl Impostor {
    /// A web server.
    pub(crate) fn that_speaks_http() -> Self {
        Self::answering(|mut client| {
            let mut request = [0; 8];
            client.read_exact(&mut request)?;
            client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        })
    }

    /// As much of PostgreSQL 12 as it takes to be asked who it is (PostgreSQL manual, "Message Formats").
    pub(crate) fn of_postgresql_12() -> Self {
        Self::answering(|mut client| {
            startup(&mut client)?;
            loop {
                let mut kind = [0];
                client.read_exact(&mut kind)?;
                let query = body(&mut client)?;
                let query = String::from_utf8_lossy(&query).into_owned();
                match &kind {
                    b"Q" => client.write_all(&answer(&query))?,
                    _ => return Ok(()),
                }
            }
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn answering(conversation: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let conversation = Arc::new(conversation);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, conversation) = (client.expect("a client"), Arc::clone(&conversation));
                // A client that hangs up in the middle has seen enough.
                thread::spawn(move || conversation(client));
            }
        });
        Self { port }
    }
}

/// Everything up to the first question: no TLS, no password.
fn startup(client: &mut TcpStream) -> std::io::Result<()> {
    const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
    while body(client)?.starts_with(&SSL_REQUEST) {
        client.write_all(b"N")?;
    }
    let greeting = [
        message(b'R', &0_u32.to_be_bytes()),
        message(b'S', b"server_version\x0012.22\0"),
        message(b'S', b"client_encoding\0UTF8\0"),
        message(b'K', &[0; 8]),
        message(b'Z', b"I"),
    ];
    client.write_all(&greeting.concat())
}

/// One row for each of the two questions that are asked before a version that is too old ends the run.
fn answer(query: &str) -> Vec<u8> {
    const BOOL: u32 = 16;
    const INTEGER: u32 = 23;
    const TEXT: u32 = 25;
    let row: &[(&str, u32, &str)] = if query.contains("server_version_num") {
        &[
            ("database", TEXT, "authority_db"),
            ("role", TEXT, "authority"),
            ("version", TEXT, "12.22"),
            ("version_number", INTEGER, "120022"),
            ("in_recovery", BOOL, "f"),
            ("read_only", BOOL, "f"),
            ("has_public", BOOL, "t"),
            ("may_create", BOOL, "t"),
        ]
    } else {
        &[("in_recovery", BOOL, "f"), ("read_only", BOOL, "f"), ("marked", BOOL, "t")]
    };
    let count = u16::try_from(row.len()).expect("a few columns").to_be_bytes();
    let mut description = count.to_vec();
    let mut data = count.to_vec();
    for (name, kind, value) in row {
        // Name, table and column it is from, type, its size and modifier, text format.
        let column = [name.as_bytes(), b"\0", &[0; 6], &kind.to_be_bytes(), &[0; 8]];
        description.extend(column.concat());
        data.extend(u32::try_from(value.len()).expect("a short value").to_be_bytes());
        data.extend(value.as_bytes());
    }
    [message(b'T', &description), message(b'D', &data), message(b'C', b"SELECT 1\0"), message(b'Z', b"I")]
        .concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// The rest of a message, after its length.
fn body(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
    client.read_exact(&mut body)?;
    Ok(body)
}
