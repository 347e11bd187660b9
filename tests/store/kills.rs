//! Backends of the server that die in the middle: nothing is lost, nothing doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use authority_local_postgres::SUPERUSER;
use authority_store::{
    AccessToken, Audit, AuthorizationCode, CodeVerifier, Exchange, IssueCode, RefreshToken, Rotate, Rotation,
    system_random,
};

use super::races::rounds;
use super::with::challenge;
use super::world::{AUDIENCE, VERIFIER, World, exchange, rotate};

/// How many times a worker refreshes what a code gave it.
const ROTATIONS: usize = 4;

/// Ends a random backend of a role again and again, until it is told to stop.
async fn kill(world: &World, role: &'static str, stop: Arc<AtomicBool>) -> usize {
    let pool = world.database.pool_as(SUPERUSER).await;
    let sql = format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE datname = current_database() AND usename = '{role}' AND pid <> pg_backend_pid()
         ORDER BY state <> 'active', random() LIMIT 1"
    );
    let mut killed = 0;
    while !stop.load(Ordering::Relaxed) {
        killed += crate::support::column(&pool, &sql).await.len();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    killed
}

/// The same call until it has an answer. (As a function over closures its future could not be spawned.)
macro_rules! insist {
    ($repeated:expr, $call:expr) => {{
        let mut tries = 0..1000;
        loop {
            match $call.await {
                Ok(outcome) => break outcome,
                Err(error) if error.is_transient() && tries.next().is_some() => {
                    $repeated.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("{error}: {error:?}"),
            }
        }
    }};
}

/// Workers exchange codes and refresh while backends of the role die; afterwards every row is there once.
#[expect(clippy::too_many_lines, reason = "what a worker does is told in one piece")]
pub(crate) async fn survives_kills(world: &World, role: &'static str, workers: usize, codes: usize) {
    let stop = Arc::new(AtomicBool::new(false));
    let repeated = Arc::new(AtomicUsize::new(0));
    let work = async {
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let (store, client, user, now) = (world.store.clone(), world.client, world.user, world.now);
                let repeated = Arc::clone(&repeated);
                tokio::spawn(async move {
                    let mut random = system_random();
                    let (audience, scopes) =
                        ([AUDIENCE.to_owned()], "openid offline_access".parse().expect("scopes"));
                    let (verifier, challenge) =
                        (CodeVerifier::new(VERIFIER).expect("a verifier"), challenge());
                    let mut families = Vec::new();
                    for _ in 0..codes {
                        let code = AuthorizationCode::generate(now, &mut random);
                        let audit = Audit::new(now, &mut random);
                        let request = IssueCode {
                            code: &code,
                            client,
                            user,
                            session: None,
                            redirect_uri: Some(super::world::REDIRECT_URI),
                            scopes: &scopes,
                            resources: &[],
                            authorization_details: None,
                            code_challenge: Some(&challenge),
                            nonce: None,
                            auth_time: now,
                            acr: None,
                            amr: &[],
                            requested_claims: None,
                            dpop_jkt: None,
                            audit: Some(&audit),
                        };
                        insist!(repeated, store.issue_authorization_code(&request, now)).expect("a code");
                        let access = AccessToken::generate(now, &mut random);
                        let mut refresh = RefreshToken::generate(now, &mut random);
                        let audit = Audit::new(now, &mut random);
                        let request = Exchange {
                            audit: Some(&audit),
                            ..exchange(&code, client, &verifier, &access, &refresh, &audience)
                        };
                        insist!(repeated, store.exchange_authorization_code(&request, now, &mut random))
                            .expect("tokens");
                        for _ in 0..ROTATIONS {
                            let access = AccessToken::generate(now, &mut random);
                            let successor = refresh.successor(&mut random);
                            let audit = Audit::new(now, &mut random);
                            let request = Rotate {
                                audit: Some(&audit),
                                ..rotate(&refresh, &successor, client, &access, &audience)
                            };
                            let outcome =
                                insist!(repeated, store.rotate_refresh_token(&request, now, &mut random));
                            assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
                            refresh = successor;
                        }
                        families.push(refresh);
                    }
                    families
                })
            })
            .collect();
        let mut families = Vec::new();
        for task in tasks {
            families.extend(task.await.expect("no panic"));
        }
        stop.store(true, Ordering::Relaxed);
        families
    };
    let (families, killed) = tokio::join!(work, kill(world, role, Arc::clone(&stop)));
    let all = workers * codes;
    assert_eq!(families.len(), all);
    assert!(killed > 10, "backends died: {killed}");
    let counts = world
        .value(
            "SELECT concat_ws(' ', (SELECT count(*) FROM authorization_codes WHERE consumed_at IS NOT NULL),
                (SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL), (SELECT sum(generation) FROM refresh_tokens),
                (SELECT count(*) FROM access_tokens WHERE revoked_at IS NULL),
                (SELECT count(*) FROM audit_logs WHERE outcome = 'success'), (SELECT count(*) FROM audit_logs))",
        )
        .await;
    let events = all * (2 + ROTATIONS);
    let wanted = format!("{all} {all} {} {} {events} {events}", all * ROTATIONS, all * (1 + ROTATIONS));
    assert_eq!(
        counts,
        wanted,
        "{killed} killed, {} calls repeated by their caller",
        repeated.load(Ordering::Relaxed)
    );
    for token in &families {
        let found = world.store.introspect_refresh_token(token, world.now).await.expect("a database");
        assert!(found.is_ok(), "{found:?}");
    }
    eprintln!(
        "{all} codes and {} rotations, {killed} backends killed, {} calls repeated by their caller",
        all * ROTATIONS,
        repeated.load(Ordering::Relaxed)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn backends_that_die_at_random_lose_nothing_and_double_nothing() {
    let world = World::with("max_pool_size=8&retry_delay=0.05&retry_attempts=20").await;
    survives_kills(&world, "authority_app", 8, rounds(8)).await;
}
