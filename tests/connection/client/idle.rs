//! Connections that nobody used for long.

use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time;

use super::{lent, one, pool, process};
use crate::connection::config;
use crate::support::{Database, eventually, server};

/// Lets time pass for timers, and then go on as it does.
async fn later(time: Duration) {
    time::pause();
    time::advance(time).await;
    time::resume();
}

/// A network between the pool and the server that forgets its connections when told to: nothing passes any more, and
/// nobody is told. Gives its port.
async fn forgetful(forget: watch::Receiver<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.expect("a client");
            let mut far =
                TcpStream::connect(("127.0.0.1", server().endpoint().port())).await.expect("the server");
            let mut forget = forget.clone();
            forget.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    _ = forget.changed() => std::future::pending().await,
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_network_that_forgot_all_idle_connections_costs_one_wait() {
    let database = Database::empty().await;
    let (forget, forgets) = watch::channel(());
    let direct = server().endpoint().tcp_url_for(database.name());
    let port = format!(":{}/", server().endpoint().port());
    let url = direct.reveal().replace(&port, &format!(":{}/", forgetful(forgets).await));
    assert_ne!(url, direct.reveal());
    let pool = config(&format!("{url}?initial_pool_size=3&max_pool_size=3&checkout_timeout=20"), &[]);
    let pool = pool.client_pool().await.unwrap_or_else(|error| panic!("{error:?}"));
    forget.send(()).expect("the network");
    later(Duration::from_secs(31)).await;
    let began = Instant::now();
    assert_eq!(one::<i32>(&mut lent(&pool).await, "SELECT 7").await, 7);
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(5), "{took:?}");
    let status = pool.status();
    assert_eq!((status.size, status.opened, status.broken), (1, 4, 3));
}

#[tokio::test]
async fn an_idle_connection_is_tested_and_used_and_closed_after_ten_minutes() {
    let database = Database::empty().await;
    let pool = pool(&database, "initial_pool_size=2").await;
    let first = process(&mut lent(&pool).await).await;
    later(Duration::from_secs(31)).await;
    assert_eq!(process(&mut lent(&pool).await).await, first, "it was good");
    later(Duration::from_mins(10)).await;
    // The keeper of the house comes by.
    eventually("they are closed", async || {
        later(Duration::from_secs(31)).await;
        pool.status().size == 0
    })
    .await;
    assert_ne!(process(&mut lent(&pool).await).await, first);
    assert_eq!((pool.status().opened, pool.status().broken), (3, 0));
}

#[tokio::test]
async fn connections_that_may_lie_idle_are_kept_until_they_are_half_an_hour_old() {
    let database = Database::empty().await;
    let pool = pool(&database, "max_idle_pool_size=1").await;
    later(Duration::from_mins(15)).await;
    time::sleep(Duration::from_millis(50)).await;
    assert_eq!(pool.status().size, 1);
    later(Duration::from_mins(16)).await;
    eventually("it is closed", async || pool.status().size == 0).await;
}
