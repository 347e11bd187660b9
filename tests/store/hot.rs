//! What a rotation costs the table.

use std::fmt::Write as _;

use authority_local_postgres::{APP_ROLE, DATABASE};
use authority_migration::runner::Runner;
use authority_store::{AccessToken, ClientId, RefreshToken, Rotation, UserId, system_random};
use chrono::{DateTime, Utc};

use super::with::hex;
use super::world::{AUDIENCE, rotate, store_at};
use crate::servers;
use crate::support::{Need, eventually};

const ROTATIONS: usize = 3000;

/// On a server of its own: PostgreSQL keeps old versions of rows while a transaction lasts in any of its databases.
#[tokio::test]
async fn rotations_stay_on_their_page_and_off_every_index() {
    if Need::Timers.is_missing() {
        return;
    }
    let server = servers::start(&[], None);
    let owner = sqlx::PgPool::connect(&server.url()).await.expect("the owner can connect");
    Runner::new(owner.clone()).up(None, &|_| {}).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    owner.close().await;
    let now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().expect("a time");
    let mut random = system_random();
    let (client, user) = (ClientId::new(now, &mut random), UserId::new(now, &mut random));
    let mut tokens: Vec<_> = (0..100).map(|_| RefreshToken::generate(now, &mut random)).collect();
    let mut sql = format!(
        "INSERT INTO users (id, username, email) VALUES ('{user}', 'ada', 'ada@example.com');
         INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris, grant_types)
         VALUES ('{client}', 'app', 'App', 'public', 'none', '{{https://app.example/}}',
                 '{{authorization_code,refresh_token}}');"
    );
    for token in &tokens {
        let (id, digest, lineage) = (token.family(), hex(&token.digest()), hex(&token.lineage_digest()));
        let _ = write!(
            sql,
            "INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, scopes, auth_time, issued_at,
                                         idle_expires_at, expires_at)
             VALUES ('{id}', decode('{digest}', 'hex'), decode('{lineage}', 'hex'), '{client}', '{user}', '{{openid}}',
                     '{now}', '{now}', '{now}'::timestamptz + interval '30 days', '{now}'::timestamptz + interval '1 year');"
        );
    }
    servers::as_superuser_in(&server, DATABASE, &sql).await;
    let store = store_at(&server.endpoint().url_for(APP_ROLE, DATABASE)).await;
    let audience = [AUDIENCE.to_owned()];
    for number in 0..ROTATIONS {
        let token = &mut tokens[number % 100];
        let (successor, access) = (token.successor(&mut random), AccessToken::generate(now, &mut random));
        let request = rotate(token, &successor, client, &access, &audience);
        let outcome = store.rotate_refresh_token(&request, now, &mut random).await.expect("a database");
        assert!(matches!(outcome, Ok(Rotation::Rotated(_))), "{outcome:?}");
        *token = successor;
    }
    let read = async |what: &str| {
        let sql = format!("SELECT {what} FROM pg_stat_user_tables WHERE relname = 'refresh_tokens'");
        servers::superuser_reads(&server, DATABASE, &sql).await.join("")
    };
    // A backend tells what it did a while later, and at its end.
    store.pool().close().await;
    eventually("the server has counted", async || read("n_tup_upd").await == ROTATIONS.to_string()).await;
    let share: f64 = read("n_tup_hot_upd::float8 / n_tup_upd").await.parse().expect("a number");
    eprintln!("{:.2} % of {ROTATIONS} rotations were HOT", share * 100.0);
    assert!(share > 0.95, "{share}");
}
