//! What is told when an operation could not be done, and what the store does about it by itself.

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_local_postgres::SUPERUSER;
use authority_store::{Actor, Inactive, PresentedAccessToken, Rotate, RotateRefusal, Rotation, StoreError};
use macro_rules_attribute::apply;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::races::{race_for_a_code, race_for_a_refresh_token};
use super::with::end_sessions;
use super::world::{AUDIENCE, World, rotate, store_at, store_on};
use crate::support::{Need, Session, column, eventually, in_time, server};

/// The error of a rotation that could not be done.
async fn failure(world: &mut World) -> StoreError {
    let token = authority_store::RefreshToken::generate(world.now, &mut world.random);
    let (successor, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let audience = [AUDIENCE.to_owned()];
    let request = rotate(&token, &successor, world.client, &access, &audience);
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    outcome.expect_err("an error")
}

#[apply(both_ways)]
async fn a_role_without_privileges_is_told_so() {
    let mut world = World::new().await;
    world.sql("REVOKE UPDATE ON refresh_tokens FROM authority_app").await;
    let error = failure(&mut world).await;
    assert!(matches!(&error, StoreError::NotPermitted { sqlstate, .. } if sqlstate == "42501"), "{error:?}");
    assert!(!error.is_transient() && error.fix().is_some_and(|fix| fix.contains("migrate")));
}

#[apply(both_ways)]
async fn a_schema_of_another_time_is_told_apart() {
    let mut world = World::new().await;
    world.sql("ALTER TABLE refresh_tokens RENAME COLUMN generation TO generations").await;
    let error = failure(&mut world).await;
    assert!(matches!(&error, StoreError::Database { sqlstate, .. } if sqlstate == "42703"), "{error:?}");
}

#[tokio::test]
async fn a_statement_that_waits_too_long_is_cancelled_and_has_done_nothing() {
    if Need::Timers.is_missing() {
        return;
    }
    let mut world = World::with("statement_timeout=300").await;
    let token = world.family("openid").await;
    let lock = format!("SELECT FROM refresh_tokens WHERE id = '{}' FOR UPDATE", token.family());
    let session = Session::begin(&world.database, &lock).await;
    let (successor, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let audience = [AUDIENCE.to_owned()];
    let request = rotate(&token, &successor, world.client, &access, &audience);
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random);
    let error = in_time("a rotation", outcome).await.expect_err("a timeout");
    assert!(matches!(error, StoreError::Cancelled { .. }) && error.is_transient(), "{error:?}");
    session.end().await;
    assert_eq!(world.value("SELECT generation FROM refresh_tokens").await, "0");
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    assert!(matches!(outcome, Ok(Ok(Rotation::Rotated(_)))), "{outcome:?}");
}

#[tokio::test]
async fn who_waits_for_a_locked_user_gives_the_connection_back_in_time_for_everybody_else() {
    if Need::Timers.is_missing() {
        return;
    }
    // With options of its own, and so with the lock_timeout that a pool has by itself.
    let mut world = World::with("max_pool_size=2&options=-c%20TimeZone=UTC").await;
    let lock = format!("SELECT FROM users WHERE id = '{}' FOR UPDATE", world.user);
    let session = Session::begin(&world.database, &lock).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (store, user, now) = (world.store.clone(), world.user, world.now);
            tokio::spawn(async move {
                store
                    .revoke_tokens_of_user(user, RevocationReason::Administrator, Actor::System, None, now)
                    .await
            })
        })
        .collect();
    let status = || world.store.pool().status();
    eventually("no connection is left", async || (status().size, status().available) == (2, 0)).await;
    let (access, _) = world.new_tokens();
    let unknown = [PresentedAccessToken::Opaque(&access)];
    let introspected = in_time("it", world.store.introspect_access_tokens(&unknown, world.now)).await;
    assert!(matches!(introspected.as_deref(), Ok([Err(Inactive::Unknown)])), "{introspected:?}");
    for caller in waiting {
        let error = in_time("a revocation", caller).await.expect("no panic").expect_err("a timeout");
        assert!(matches!(error, StoreError::Cancelled { .. }) && error.is_transient(), "{error:?}");
    }
    session.end().await;
    assert_eq!(world.value("SELECT revocation_epoch FROM users").await, "0");
}

#[apply(both_ways)]
async fn a_statement_whose_backend_died_is_repeated_by_the_store_itself() {
    let mut world = World::with("max_pool_size=1").await;
    let token = world.family("openid").await;
    let lock = format!("SELECT FROM refresh_tokens WHERE id = '{}' FOR UPDATE", token.family());
    let session = Session::begin(&world.database, &lock).await;
    let superuser = world.database.pool_as(SUPERUSER).await;
    let waits = format!(
        "SELECT pid::text FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))",
        session.pid()
    );
    let interrupted = async {
        eventually("it waits", async || !column(&superuser, &waits).await.is_empty()).await;
        let first = column(&superuser, &waits).await;
        column(&superuser, &format!("SELECT pg_terminate_backend({})::text", first[0])).await;
        eventually("it waits again", async || {
            column(&superuser, &waits).await.first().is_some_and(|pid| *pid != first[0])
        })
        .await;
        session.end().await;
    };
    let store = world.store.clone();
    let (successor, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let audience = [AUDIENCE.to_owned()];
    let request = rotate(&token, &successor, world.client, &access, &audience);
    let (outcome, ()) =
        tokio::join!(store.rotate_refresh_token(&request, world.now, &mut world.random), interrupted);
    assert!(matches!(outcome, Ok(Ok(Rotation::Rotated(_)))), "{outcome:?}");
    let metrics = store.metrics();
    let rotations = metrics.statements.iter().find(|one| one.name == "refresh_tokens.rotate").expect("it");
    assert_eq!((rotations.calls, rotations.errors, rotations.repetitions), (1, 0, 1));
}

#[apply(both_ways)]
async fn a_conflict_under_a_stricter_isolation_is_repeated_by_the_store_itself() {
    let mut world = World::new().await;
    let strict = format!(
        "ALTER DATABASE \"{}\" SET default_transaction_isolation TO 'repeatable read'",
        world.database.name()
    );
    world.sql(&strict).await;
    end_sessions(&world.database).await;
    world.store = store_on(&world.database, "max_pool_size=8").await;
    let mut token = world.family("openid offline_access").await;
    for _ in 0..10 {
        token = race_for_a_refresh_token(&mut world, token, 8).await;
        race_for_a_code(&mut world, 8).await;
    }
    let metrics = world.store.metrics();
    assert!(metrics.statements.iter().any(|one| one.repetitions > 0), "there were conflicts: {metrics:?}");
    assert!(metrics.statements.iter().all(|one| one.errors == 0), "{metrics:?}");
}

#[apply(both_ways)]
async fn a_caller_that_goes_away_in_the_middle_may_call_again() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let (successor, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let audience = [AUDIENCE.to_owned()];
    let request = rotate(&token, &successor, world.client, &access, &audience);
    for microseconds in [1, 200, 500, 1000, 2000, 4000, 8000] {
        let call = world.store.rotate_refresh_token(&request, world.now, &mut world.random);
        let _ = tokio::time::timeout(std::time::Duration::from_micros(microseconds), call).await;
    }
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    assert!(matches!(outcome, Ok(Ok(Rotation::Rotated(_)))), "{outcome:?}");
    assert_eq!(world.value("SELECT generation FROM refresh_tokens").await, "1");
    let other = Rotate { client: authority_store::ClientId::new(world.now, &mut world.random), ..request };
    let outcome = world.store.rotate_refresh_token(&other, world.now, &mut world.random).await;
    assert_eq!(outcome.expect("a database").expect_err("another"), RotateRefusal::WrongClient);
}

/// A network between a store and the server. Once told to, it hangs up on each connection that exists then, as soon as
/// something is sent over it, and not before: so nobody knows that it is dead.
async fn hanging_up(told: watch::Receiver<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.expect("a client");
            let mut far =
                TcpStream::connect(("127.0.0.1", server().endpoint().port())).await.expect("the server");
            let mut told = told.clone();
            told.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => return,
                    _ = told.changed() => {}
                }
                let _ = near.readable().await;
            });
        }
    });
    port
}

#[tokio::test]
async fn however_many_connections_died_unnoticed_the_store_repeats_once() {
    let world = World::new().await;
    let (tell, told) = watch::channel(());
    let direct = server().endpoint().tcp_url_for(world.database.name());
    let through = format!(":{}/", hanging_up(told).await);
    let url = direct.reveal().replace(&format!(":{}/", server().endpoint().port()), &through);
    let store = store_at(&format!("{url}?initial_pool_size=5&max_pool_size=5")).await;
    assert_eq!(store.pool().status().available, 5);
    tell.send(()).expect("the network");
    let found = store.find_user(world.user, world.now).await.expect("a user in spite of it");
    assert_eq!(found.map(|user| user.username).as_deref(), Some("ada"));
    let metrics = store.metrics();
    let calls = metrics.statements.iter().find(|one| one.name == "users.find_by_id").expect("it");
    assert_eq!((calls.calls, calls.errors, calls.repetitions), (1, 0, 1));
    assert_eq!((metrics.pool.opened, metrics.pool.broken), (6, 5));
}

#[apply(both_ways)]
async fn a_server_that_ends_all_sessions_is_not_noticed_by_who_calls_then() {
    let world = World::with("initial_pool_size=4&max_pool_size=4").await;
    for _ in 0..3 {
        assert!(end_sessions(&world.database).await > 0);
        let found = world.store.find_user(world.user, world.now).await.expect("a database");
        assert!(found.is_some());
    }
}

#[apply(both_ways)]
async fn a_conflict_that_repeats_itself_is_told_as_one() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    world
        .sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'serialization_failure'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON refresh_tokens FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let (successor, (access, _)) = (token.successor(&mut world.random), world.new_tokens());
    let audience = [AUDIENCE.to_owned()];
    let request = rotate(&token, &successor, world.client, &access, &audience);
    let error = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    let error = error.expect_err("a conflict");
    assert!(matches!(&error, StoreError::Conflict { statement: "refresh_tokens.rotate" }), "{error:?}");
    assert!(error.is_transient());
    let metrics = world.store.metrics();
    let rotations = metrics.statements.iter().find(|one| one.name == "refresh_tokens.rotate").expect("it");
    assert_eq!((rotations.calls, rotations.errors, rotations.repetitions), (0, 1, 5));
    world.sql("DROP TRIGGER refuse ON refresh_tokens").await;
    let outcome = world.store.rotate_refresh_token(&request, world.now, &mut world.random).await;
    assert!(matches!(outcome, Ok(Ok(Rotation::Rotated(_)))), "{outcome:?}");
}
