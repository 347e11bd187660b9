use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// A server of version 12, as far as `doctor` gets to know it (PostgreSQL manual, "Message Formats"). Its port.
pub(super) fn of_postgresql_12() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that hangs up has seen enough.
            thread::spawn(move || conversation(client));
        }
    });
    port
}

fn conversation(mut client: TcpStream) -> std::io::Result<()> {
    const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
    while body(&mut client)?.starts_with(&SSL_REQUEST) {
        client.write_all(b"N")?;
    }
    let greeting = [
        message(b'R', &0_u32.to_be_bytes()),
        message(b'S', b"server_version\x0012.22\0"),
        message(b'S', b"client_encoding\0UTF8\0"),
        message(b'K', &[0; 8]),
        message(b'Z', b"I"),
    ];
    client.write_all(&greeting.concat())?;
    loop {
        let mut kind = [0];
        client.read_exact(&mut kind)?;
        body(&mut client)?;
        if &kind != b"Q" {
            return Ok(());
        }
        client.write_all(&state())?;
    }
}

/// Not in recovery, not read-only, and no pooler.
fn state() -> Vec<u8> {
    const BOOL: [u8; 4] = 16_u32.to_be_bytes();
    let columns = [("in_recovery", "f"), ("read_only", "f"), ("marked", "t")];
    let mut description = 3_u16.to_be_bytes().to_vec();
    let mut data = description.clone();
    for (name, value) in columns {
        // Name, table and column it is from, type, its size and modifier, text format.
        description.extend([name.as_bytes(), b"\0", &[0; 6], &BOOL, &[0; 8]].concat());
        data.extend(1_u32.to_be_bytes());
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
