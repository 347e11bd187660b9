//! What operations write into the audit trail.

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{Actor, Audit, Change, Exchange, FailedLogin, IssueCode, Revocation, Rotate, UserId};
use macro_rules_attribute::apply;

use super::with::kept;
use super::world::World;

const EVENTS: &str = "SELECT concat_ws(' ', event, outcome, actor_kind, resource_kind, details->>'outcome') FROM audit_logs ORDER BY event, outcome, details->>'outcome'";

#[apply(both_ways)]
async fn success_and_refusal_are_written_by_the_statement_itself_without_a_secret() {
    let mut world = World::new().await;
    let mut audits = Vec::new();
    for _ in 0..9 {
        audits.push(kept(Audit::new(world.now, &mut world.random)));
    }
    let mut audits = audits.into_iter();
    let mut audit = || audits.next().expect("enough");
    let (first, second, third, fourth, fifth) = (audit(), audit(), audit(), audit(), audit());
    let code = world.code_with(|request| IssueCode { audit: Some(first), ..request }).await;
    let (outcome, access, refresh) =
        world.exchange_with(&code, |r| Exchange { audit: Some(second), ..r }).await;
    outcome.expect("tokens");
    let (outcome, ..) =
        world.exchange_with(&code, |r| Exchange { redirect_uri: None, audit: Some(third), ..r }).await;
    outcome.expect_err("used");
    let (outcome, ..) = world.rotate_with(&refresh, |r| Rotate { audit: Some(fourth), ..r }).await;
    outcome.expect_err("revoked by the replay");
    let now = world.now;
    world
        .store
        .revoke_access_token(&access, world.client, Some(fifth), now, &mut world.random)
        .await
        .expect("a database");
    let (sixth, seventh, eighth, ninth) = (audit(), audit(), audit(), audit());
    world
        .store
        .revoke_refresh_token(&refresh, world.client, Some(sixth), now, &mut world.random)
        .await
        .expect("a database");
    let reason = RevocationReason::Administrator;
    let actor = Actor::User(world.user);
    world
        .store
        .revoke_family(refresh.family(), None, reason, actor, Some(seventh), now)
        .await
        .expect("a database");
    world
        .store
        .revoke_tokens_of_user(world.user, reason, Actor::System, Some(eighth), now)
        .await
        .expect("a database");
    world
        .store
        .revoke_tokens_of_client(world.client, reason, actor, Some(ninth), now)
        .await
        .expect("a database");
    assert_eq!(
        world.database.column(EVENTS).await,
        [
            "access_token.revoke success client access_token already",
            "authorization_code.exchange success client authorization_code exchanged",
            "authorization_code.exchange failure client authorization_code replayed",
            "authorization_code.issue success user authorization_code issued",
            "client.revoke_tokens success user client revoked",
            "refresh_token.revoke success client refresh_token already",
            "refresh_token.revoke success user refresh_token already",
            "refresh_token.rotate failure client refresh_token revoked",
            "user.revoke_tokens success system user revoked",
        ]
    );
    let members = "SELECT DISTINCT jsonb_object_keys(details) FROM audit_logs ORDER BY 1";
    assert_eq!(world.database.column(members).await, ["generation", "outcome", "reason", "user_id"]);
    // Nothing in it is as long as a secret or a digest.
    let long = "SELECT count(*) FROM audit_logs WHERE audit_logs::text ~ '[A-Za-z0-9_]{40}'";
    assert_eq!(world.value(long).await, "0");
}

#[apply(both_ways)]
async fn no_header_of_a_request_can_prevent_an_operation() {
    let mut world = World::new().await;
    let agents = [
        "",
        "\u{0}",
        "\r\n",
        &"x".repeat(10_000),
        "a\u{0}b\u{85}c\u{7f}d\u{1b}[31m\u{2028}\u{202e}",
        "🦀\u{feff}",
    ];
    for agent in agents {
        let audit = Audit::new(world.now, &mut world.random)
            .user_agent(agent)
            .request_id(&agent.repeat(2))
            .ip_address("2001:db8::1".parse().expect("an address"))
            .detail("what\u{0}", format!("{agent}\u{0}"))
            .detail(agent, 1);
        let audit = kept(audit);
        let code = world.code_with(|request| IssueCode { audit: Some(audit), ..request }).await;
        world.tokens(&code).await;
    }
    let sql = "SELECT concat_ws(' ', count(*), max(char_length(user_agent)), max(char_length(request_id)), max(host(ip_address))) FROM audit_logs";
    assert_eq!(world.value(sql).await, "6 1000 255 2001:db8::1");
}

#[apply(both_ways)]
async fn a_detail_that_names_a_credential_is_refused_together_with_the_operation() {
    let mut world = World::new().await;
    let audit = Audit::new(world.now, &mut world.random).detail("client_secret", "x");
    let code = authority_store::AuthorizationCode::generate(world.now, &mut world.random);
    let (scopes, challenge) = ("openid".parse().expect("a scope"), super::with::challenge());
    let request = IssueCode { audit: Some(&audit), ..world.issue(&code, &scopes, &challenge) };
    let error = world.store.issue_authorization_code(&request, world.now).await.expect_err("a secret");
    assert!(matches!(error, authority_store::StoreError::Constraint { .. }), "{error:?}");
    assert_eq!(world.value("SELECT count(*) FROM authorization_codes").await, "0");
}

#[apply(both_ways)]
async fn one_audit_serves_every_operation_of_a_request() {
    let mut world = World::new().await;
    let bob = UserId::new(world.now, &mut world.random);
    world
        .sql(&format!("INSERT INTO users (id, username, email) VALUES ('{bob}', 'bob', 'bob@example.com')"))
        .await;
    let audit = Audit::new(world.now, &mut world.random);
    for attempts in 1..=2 {
        for user in [world.user, bob] {
            let counted = world.store.record_failed_login(Some(user), &audit, world.now).await;
            assert_eq!(counted.expect("a database"), FailedLogin::Counted { attempts });
        }
        world.wait(1);
    }
    let reason = RevocationReason::Administrator;
    for user in [world.user, bob] {
        let (store, now) = (&world.store, world.now);
        let revoked = store.revoke_tokens_of_user(user, reason, Actor::System, Some(&audit), now).await;
        assert_eq!(revoked.expect("a database"), Revocation::Revoked);
        let lock = store.lock_user(user, None, Actor::System, Some(&audit), now).await;
        assert_eq!(lock.expect("a database"), Change::Done);
    }
    for (event, count) in [("user.login", "4"), ("user.revoke_tokens", "2"), ("user.lock", "2")] {
        let counting = format!("SELECT count(*) FROM audit_logs WHERE event = '{event}'");
        assert_eq!(world.value(&counting).await, count, "{event}");
    }
    // By the revocation and by the lock.
    assert_eq!(world.value("SELECT min(revocation_epoch) FROM users").await, "2");
}
