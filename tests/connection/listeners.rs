//! What is no server, or none yet.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::{complaint, config, outcomes};

#[tokio::test]
async fn what_is_no_server_of_postgresql_is_told_apart() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = port_of(&TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let http = answering(|mut client| {
        client.read_exact(&mut [0; 8])?;
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        listen_to_the_end(client)
    });
    let hanging_up = answering(|mut client| client.read_exact(&mut [0; 8]));
    let ssh = answering(|mut client| {
        client.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")?;
        listen_to_the_end(client)
    });
    let empty = tempfile::tempdir().expect("a directory");
    let socket = format!("%2F{}", empty.path().display().to_string()[1..].replace('/', "%2F"));
    let cases = [
        (format!("127.0.0.1:{nobody}"), "Refused", format!("pg_isready -h 127.0.0.1 -p {nobody}")),
        (format!("127.0.0.1:{http}"), "NotPostgres", format!("pg_isready -h 127.0.0.1 -p {http}")),
        (format!("127.0.0.1:{ssh}"), "NotPostgres", format!("pg_isready -h 127.0.0.1 -p {ssh}")),
        (format!("127.0.0.1:{hanging_up}"), "Closed", format!("pg_isready -h 127.0.0.1 -p {hanging_up}")),
        (format!("127.0.0.1:{}", port_of(&silent)), "Timeout", "pg_isready".to_owned()),
        // RFC 6761 reserves this name, so that no resolver knows it.
        ("authority.invalid:5432".to_owned(), "UnknownHost", "getent hosts authority.invalid".to_owned()),
        (format!("{socket}:5432"), "NoSocket", "unix_socket_directories".to_owned()),
    ];
    let mut complaints = Vec::new();
    for mode in ["disable", "prefer", "require"] {
        for (at, variant, fix) in &cases {
            // The first words of something else read as the length of a message that never ends.
            let variant = if (mode, *variant) == ("disable", "NotPostgres") { "Closed" } else { variant };
            let url = format!(
                "postgres://authority@{at}/authority_db?sslmode={mode}&retry_attempts=0&connect_timeout=1"
            );
            let config = config(&url, &[]);
            for outcome in outcomes(&config).await {
                let complaint = complaint(outcome, variant, fix);
                complaints.extend(complaint.map(|complaint| format!("{at}, {mode}: {complaint}")));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The port of something that has one conversation with everybody, until the tests end.
fn answering(conversation: impl Fn(TcpStream) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = port_of(&listener);
    thread::spawn(move || {
        for client in listener.incoming() {
            // A client that hangs up in the middle has seen enough.
            let _ = conversation(client.expect("a client"));
        }
    });
    port
}

/// Hangs up politely: what was said arrives.
fn listen_to_the_end(mut client: TcpStream) -> std::io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    std::io::copy(&mut client, &mut std::io::sink()).map(drop)
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("its address").port()
}
