//! Operations that wait for somebody else's transaction, and decide by what it has done.

use authority_store::{Actor, ClientSecret, DeviceCode, ExchangeDeviceCode, NewAccessToken, SecretMethod};
use macro_rules_attribute::apply;

use super::world::World;
use crate::support::{Database, Session, eventually};

impl World {
    /// Waits until as many sessions of the database wait for a lock.
    pub(super) async fn until_waiting(&self, sessions: usize) {
        until_waiting(&self.database, sessions).await;
    }
}

async fn until_waiting(database: &Database, sessions: usize) {
    let sql = "SELECT count(DISTINCT l.pid)::text FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE a.datname = current_database() AND NOT l.granted";
    eventually("the operations wait", async || database.column(sql).await == [sessions.to_string()]).await;
}

/// What an operation answers that began before a change was committed and goes on after it.
async fn after<T>(database: &Database, change: &str, operation: impl Future<Output = T>) -> T {
    let session = Session::begin(database, change).await;
    let committing = async {
        until_waiting(database, 1).await;
        session.commit().await;
    };
    tokio::join!(operation, committing).0
}

#[apply(both_ways)]
async fn a_poll_that_waits_for_the_approval_gets_the_tokens() {
    let mut world = World::new().await;
    world
        .sql("UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:device_code}'")
        .await;
    let device_code = DeviceCode::generate(world.now, &mut world.random);
    world
        .sql(&format!(
            "INSERT INTO device_codes (id, digest, user_code, client_id, scopes, issued_at, expires_at)
             VALUES ('{}', '\\x{}', 'ABCDEFGH', '{}', '{{openid}}', '{now}', '{now}'::timestamptz + interval '1 hour')",
            device_code.id(),
            super::with::hex(&device_code.digest()),
            world.client,
            now = world.now
        ))
        .await;
    let (access, refresh) = world.new_tokens();
    let request = ExchangeDeviceCode {
        device_code: &device_code,
        client: world.client,
        sender: None,
        resources: None,
        access_token: NewAccessToken::Opaque(&access),
        audience: &[],
        refresh_token: Some(&refresh),
        audit: None,
    };
    let approval = format!(
        "UPDATE device_codes SET status = 'approved', user_id = '{}', session_id = '{}', answered_at = issued_at",
        world.user, world.session
    );
    let poll = world.store.exchange_device_code(&request, world.now, &mut world.random);
    let grant = after(&world.database, &approval, poll).await.expect("a database").expect("tokens");
    assert_eq!((grant.user_id, grant.session_id), (world.user, Some(world.session)));
    assert!(world.introspect(&access).await.is_ok());
}

#[apply(both_ways)]
async fn a_secret_that_waits_for_the_client_to_become_confidential_is_its_secret() {
    // What the client was until then, and what a client may have been that has no secret.
    for before in [
        "client_type = 'public'",
        "client_type = 'confidential', token_endpoint_auth_method = 'tls_client_auth', tls_client_auth_subject_dn = 'CN=a'",
    ] {
        let mut world = World::new().await;
        world.sql(&format!("UPDATE clients SET {before}")).await;
        let secret = ClientSecret::for_id(world.client, &mut world.random);
        let change = "UPDATE clients SET client_type = 'confidential', token_endpoint_auth_method = 'client_secret_basic',
                          tls_client_auth_subject_dn = NULL, secret_digest = sha256('first')";
        let until = world.now + chrono::TimeDelta::hours(1);
        let rotate = world.store.rotate_client_secret(&secret, until, Actor::System, None, world.now);
        after(&world.database, change, rotate).await.expect("a database").expect("a secret");
        let (client_id, audit) = ("app".parse().expect("a client_id"), None);
        let request = authority_store::AuthenticateClient {
            client_id: &client_id,
            secret: &secret,
            method: SecretMethod::Basic,
            audit,
        };
        let found = world.store.authenticate_client(&request, world.now, &mut world.random).await;
        assert_eq!(found.expect("a database").map(|client| client.id), Ok(world.client));
        let kept = "SELECT (previous_secret_digest = sha256('first'))::text FROM clients";
        assert_eq!(world.value(kept).await, "true");
    }
}
