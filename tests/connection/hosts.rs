//! Which of several servers is chosen, with a real standby that follows its primary.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use authority_connection::{ConnectError, PoolError};
use authority_local_postgres::Ephemeral;

use super::{complaint, config};
use crate::servers::{as_superuser, start, superuser_reads};
use crate::support::eventually;

const ACCESS: &str = "local all all trust\nlocal replication all trust\n";

/// A primary and a standby of it.
struct Pair {
    primary: Ephemeral,
    standby: Ephemeral,
}

impl Pair {
    /// The standby begins as a copy of the stopped primary, which needs no program that not every build has.
    async fn start() -> Self {
        let primary = start(&[], Some(ACCESS));
        as_superuser(
            &primary,
            "CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on",
        )
        .await;
        let standby = start(&[], Some(ACCESS));
        for server in [&primary, &standby] {
            server.stop_fast().expect("it stops");
        }
        copy(&primary, &standby);
        for server in [&primary, &standby] {
            server.start_again().expect("it starts");
        }
        Self { primary, standby }
    }
}

/// Puts the data of one stopped server into another, which keeps its own port and socket and follows the first.
fn copy(primary: &Ephemeral, standby: &Ephemeral) {
    let (from, to) = (primary.data_dir(), standby.data_dir());
    let place = fs::read(to.join("authority.conf")).expect("its place");
    fs::remove_dir_all(to).expect("its data can be removed");
    let copied = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
    assert!(copied.success());
    // Written over, so that the files keep the owner that they were copied with.
    fs::write(to.join("authority.conf"), place).expect("a file");
    let endpoint = primary.endpoint();
    let follows = format!(
        "primary_conninfo = 'host={} port={} user=postgres'\n",
        endpoint.socket_dir().display(),
        endpoint.port()
    );
    fs::write(to.join("postgresql.auto.conf"), follows).expect("a file");
    let signal = to.join("standby.signal");
    let marked =
        Command::new("cp").arg("-a").args([&to.join("PG_VERSION"), &signal]).status().expect("cp runs");
    assert!(marked.success());
}

/// `user@host,host/database?…` with the sockets of these servers.
fn url(role: &str, servers: &[&Ephemeral], parameters: &str) -> String {
    let hosts = servers.iter().map(|server| {
        let endpoint = server.endpoint();
        format!("{}:{}", endpoint.socket_dir().display().to_string().replace('/', "%2F"), endpoint.port())
    });
    let hosts: Vec<_> = hosts.collect();
    format!("postgres://{role}@{}/postgres?{parameters}&retry_attempts=0", hosts.join(","))
}

#[tokio::test]
async fn the_first_server_of_the_wanted_kind_is_chosen() {
    let Pair { primary, standby } = Pair::start().await;
    as_superuser(&primary, "CREATE TABLE replicated AS SELECT 'yes' AS it").await;
    eventually("the standby follows", async || {
        superuser_reads(&standby, "postgres", "SELECT to_regclass('replicated')").await == ["replicated"]
    })
    .await;

    let both = [&standby, &primary];
    let other_way = [&primary, &standby];
    // Wanted, role, servers in order, which of them is chosen.
    let cases: [(&str, &str, &[&Ephemeral], &Ephemeral); 15] = [
        ("any", "authority", &both, &standby),
        ("any", "authority", &other_way, &primary),
        ("read-write", "authority", &both, &primary),
        ("read-write", "authority", &other_way, &primary),
        ("primary", "authority", &both, &primary),
        ("primary", "reader", &both, &primary),
        ("standby", "authority", &both, &standby),
        ("standby", "authority", &other_way, &standby),
        ("read-only", "authority", &other_way, &standby),
        // Read-only is what sessions are, whatever the server is.
        ("read-only", "reader", &other_way, &primary),
        ("prefer-standby", "authority", &both, &standby),
        ("prefer-standby", "authority", &other_way, &standby),
        ("prefer-standby", "authority", &[&primary], &primary),
        ("prefer-standby", "authority", &[&primary, &primary], &primary),
        ("standby", "authority", &[&standby], &standby),
    ];
    for (wanted, role, servers, chosen) in cases {
        let config = config(&url(role, servers, &format!("target_session_attrs={wanted}")), &[]);
        let case = format!("{wanted} of {:?} as {role}", config.hosts());
        let found = config.probe().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(found.host.port(), chosen.endpoint().port(), "{case}");
        assert_eq!(found.in_recovery, chosen.endpoint().port() == standby.endpoint().port(), "{case}");
        let mut connection = config.connection().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        let row = sqlx::raw_sql("SHOW port").fetch_one(&mut connection).await.expect("a setting");
        let port: String = sqlx::Row::try_get(&row, 0).expect("a text");
        assert_eq!(port, chosen.endpoint().port().to_string(), "{case}");
        let pool = config.client_pool().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        let mut client = pool.get().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        let rows = client.query("SHOW port", &[], &[]).await.expect("a setting");
        assert_eq!(rows[0].get::<_, &str>(0), port, "{case}");
        assert_eq!(pool.server(), &found, "{case}");
    }
}

#[tokio::test]
async fn a_server_of_another_kind_than_wanted_is_refused_and_each_of_several_is_named() {
    let Pair { primary, standby } = Pair::start().await;
    for (wanted, role, server) in [
        ("read-write", "authority", &standby),
        ("read-write", "reader", &primary),
        ("primary", "authority", &standby),
        ("standby", "authority", &primary),
        ("read-only", "authority", &primary),
    ] {
        let parameters = format!("target_session_attrs={wanted}");
        let alone = config(&url(role, &[server], &parameters), &[]).probe().await.map(drop);
        assert_eq!(complaint(alone, "WrongServer", "another target_session_attrs"), None, "{wanted}");
        let twice = config(&url(role, &[server, server], &parameters), &[]).probe().await;
        let Err(ConnectError::NoHost { attempts }) = twice else { panic!("{wanted}: {twice:?}") };
        assert_eq!(attempts.len(), 2);
    }

    // What is down is passed over; what knows the client and turns it away has the last word.
    let nobody =
        TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address").port();
    let to = |role: &str, rest: &str| {
        let servers = url(role, &[&standby, &primary], rest);
        config(&servers.replacen('@', &format!("@127.0.0.1:{nobody},authority.invalid:5432,"), 1), &[])
    };
    let found = to("authority", "target_session_attrs=primary").probe().await.expect("the primary answers");
    assert_eq!(found.host.port(), primary.endpoint().port());
    let unknown = to("no_such_role", "target_session_attrs=primary").probe().await.map(drop);
    assert_eq!(complaint(unknown, "NoRole", "createuser"), None);
    standby.stop_fast().expect("it stops");
    primary.stop_fast().expect("it stops");
    let error = to("authority", "target_session_attrs=any").probe().await.expect_err("nobody is there");
    let sentence = error.to_string();
    assert!(sentence.starts_with("none of the 4 hosts can be used: "), "{sentence}");
    for part in ["connection refused", "authority.invalid:5432: the host name is not known", "no such socket"]
    {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[tokio::test]
async fn a_pool_does_not_hand_out_a_standby_that_was_promoted() {
    let Pair { primary, standby } = Pair::start().await;
    let wants_standby = url("authority", &[&standby], "target_session_attrs=standby&checkout_timeout=1");
    let database = config(&wants_standby, &[]).open().await.expect("the standby answers");
    let pool = database.connection.get_postgres_connection_pool();
    let first = pool.acquire().await.expect("a connection to a standby");
    let clients = config(&wants_standby, &[]).client_pool().await.expect("the standby answers");
    let first_client = clients.get().await.expect("a connection to a standby");
    primary.stop_fast().expect("it stops");
    as_superuser(&standby, "SELECT pg_promote()").await;
    // The one that is out stays with who has it; a new one is not made.
    let error = pool.acquire().await.expect_err("it is no standby any more");
    drop(first);
    assert!(matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_)), "{error:?}");
    let error = clients.get().await.expect_err("it is no standby any more");
    drop(first_client);
    assert!(matches!(error, PoolError::Connect(ConnectError::WrongServer { .. })), "{error:?}");
}
