use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command};
use std::time::Duration;

use authority_example::{Clock, Settings, serve};
use authority_local_postgres::APP_ROLE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::http::{form, json, send};
use super::server::{ISSUER, Server};
use crate::support::{Database, Outcome, eventually, example, in_time};

/// The program, and where it serves.
fn serving(command: &mut Command) -> (Child, SocketAddr, BufReader<ChildStderr>) {
    let mut child = command.spawn().expect("the program starts");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut seen = String::new();
    while !seen.contains("serving http://") {
        assert_ne!(log.read_line(&mut seen).expect("a line"), 0, "{seen}");
    }
    let (_, rest) = seen.split_once("serving http://").expect("an address");
    let address = rest.split(';').next().expect("an address").parse().expect("an address");
    (child, address, log)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

/// A request of whose body of eight octets nothing was sent yet.
async fn begin(address: SocketAddr) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Expect: 100-continue\r\nContent-Length: 8\r\n\r\n";
    connection.write_all(head.as_bytes()).await.expect("it is read");
    // It asks for the body, so it has begun with the request.
    let mut asked = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    connection.read_exact(&mut asked).await.expect("it goes on");
    connection
}

#[tokio::test]
async fn the_program_ends_well_when_it_is_told_to_and_answers_what_has_begun() {
    let database = Database::migrated().await;
    for name in ["TERM", "INT"] {
        let (child, address, mut log) = serving(&mut example(&database.url_as(APP_ROLE), &[]));
        let mut begun = begin(address).await;
        signal(&child, name);
        eventually("nobody else is served", async || TcpStream::connect(address).await.is_err()).await;
        begun.write_all(b"scope=a%").await.expect("it is read");
        let mut answer = String::new();
        begun.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("invalid_client"), "{answer}");
        let ended = Outcome::of(child);
        let mut rest = String::new();
        log.read_to_string(&mut rest).expect("a log");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{name}: {rest}");
    }
}

#[tokio::test]
async fn what_keeps_the_program_from_starting_is_told_in_one_sentence_without_a_secret() {
    let database = Database::migrated().await;
    let url = database.url_as(APP_ROLE);
    let nobody = "postgres://ada:hunter2hunter2@127.0.0.1:1/authority";
    let cases: &[(&str, &[_], _)] = &[
        ("", &[], "DATABASE_URL"),
        ("postgres://ada:hunter2@hunter2@[", &[], "database URL"),
        (nobody, &[], "127.0.0.1"),
        (&url, &[("ISSUER", "http://auth.example")], "ISSUER is not right: the issuer has to be https://"),
        (&url, &[("LISTEN", "0.0.0.0:0")], "ISSUER is not right: "),
        (&url, &[("LISTEN", "nowhere")], "nobody can listen on nowhere: "),
        (&url, &[("PROXIES", "127.0.0.1 proxy")], "PROXIES has \"proxy\": invalid IP address syntax"),
        (&url, &[("RESOURCE_SERVERS", "a\u{e4}")], "RESOURCE_SERVERS has "),
    ];
    for (url, variables, complaint) in cases {
        let mut command = example(url, variables);
        let ended = Outcome::of(command.spawn().expect("the program starts"));
        let said = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{said}");
        assert!(said.starts_with("error: ") && said.contains(complaint), "{complaint}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        for unwanted in ["hunter2", "Error {", "Error(", "Some(", "kind:", "\\\""] {
            assert!(!said.contains(unwanted), "{unwanted}: {said}");
        }
    }
}

#[tokio::test]
async fn what_the_store_fails_with_is_logged_in_one_sentence_with_what_mends_it() {
    let database = Database::migrated().await;
    let (child, address, mut log) = serving(&mut example(&database.url_as(APP_ROLE), &[]));
    database.execute("ALTER TABLE clients RENAME TO elsewhere").await;
    let request = form("/token", &[("client_id", "demo"), ("grant_type", "refresh_token")]);
    let answer = send(address, request).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), json(&answer)["error"].as_str()), (500, Some("server_error")));
    signal(&child, "TERM");
    assert_eq!(Outcome::of(child).code, Some(0));
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("a log");
    let line = rest.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{rest}"));
    let sentence =
        "the store failed: the database refused clients.find (SQLSTATE 42P01) (authority-db migrate status";
    assert!(line.contains(sentence) && !line.contains("Some(") && !line.contains('"'), "{line}");
}

#[tokio::test]
async fn a_request_that_does_not_end_does_not_keep_the_server_from_stopping() {
    let server = Server::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let settings = Settings {
        issuer: ISSUER.parse().expect("an issuer"),
        resource_servers: BTreeSet::new(),
        proxies: BTreeSet::new(),
        patience: Duration::from_millis(1),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let serving = tokio::spawn(serve(listener, server.store.clone(), settings, Clock::system(), stopped));
    let _begun = begin(address).await;
    drop(stop);
    in_time("the server", serving).await.expect("no panic").expect("it stopped");
}
