//! Tokens for a subject token (RFC 8693).

use authority_store::{ClientId, Inactive, IssueAccessToken, IssueAccessTokenRefusal as Refusal, Subject};
use macro_rules_attribute::apply;

use super::EXCHANGES;
use crate::store::world::World;
use crate::support::Session;

#[apply(both_ways)]
async fn a_token_for_a_subject_token_is_of_the_same_user_and_ends_with_the_same_grant() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    for (sql, wanted) in [
        ("UPDATE users SET revocation_epoch = revocation_epoch + 1", Inactive::User),
        ("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'", Inactive::Session),
        ("UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'logout'", Inactive::Family),
    ] {
        let code = world.code().await;
        let subject = world.tokens(&code).await.access;
        let (outcome, token) = world.exchange_for(&subject).await;
        outcome.expect("a token");
        let active = world.introspect(&token).await.expect("active");
        assert_eq!((active.user, active.session), (Some(world.user), Some(world.session)));
        world.sql(sql).await;
        assert_eq!(world.introspect(&token).await.expect_err(sql), wanted);
        world.restore().await;
        world.sql(EXCHANGES).await;
    }
}

#[apply(both_ways)]
async fn a_token_does_not_outlive_its_subject_token() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let code = world.code().await;
    let subject = world.tokens(&code).await;
    world.wait(3599);
    let (outcome, token) = world.exchange_for(&subject.access).await;
    assert_eq!(outcome, Ok(subject.exchanged.grant.access_expires_at));
    let again = Subject::AccessToken(token.id());
    world.wait(1);
    let (outcome, _) = world.grant_with(|r| IssueAccessToken { subject: again, ..r }).await;
    assert_eq!(outcome, Err(Refusal::SubjectInvalid));
}

#[apply(both_ways)]
async fn a_mass_revocation_between_introspection_and_exchange_leaves_nothing() {
    let mut world = World::new().await;
    world.sql(EXCHANGES).await;
    let code = world.code().await;
    let subject = world.tokens(&code).await.access;
    world.introspect(&subject).await.expect("active");
    let ada = world.recognised().await;
    // An exchange that cannot see the revocation yet, because it began before that was committed.
    let session = Session::begin(
        &world.database,
        "UPDATE users SET revocation_epoch = revocation_epoch + 1, tokens_revoked_before = now()",
    )
    .await;
    let (outcome, by_token) = world.exchange_for(&subject).await;
    outcome.expect("not revoked yet");
    let (outcome, by_assertion) = world.grant_with(|r| IssueAccessToken { subject: ada, ..r }).await;
    outcome.expect("not revoked yet");
    session.end().await;
    world.sql("UPDATE users SET revocation_epoch = 1").await;
    for token in [by_token, by_assertion] {
        assert_eq!(world.introspect(&token).await.expect_err("revoked"), Inactive::User);
    }
    // And one that began afterwards.
    assert_eq!(world.exchange_for(&subject).await.0, Err(Refusal::SubjectInvalid));
    assert_eq!(world.grant_with(|r| IssueAccessToken { subject: ada, ..r }).await.0, Err(Refusal::Revoked));
}

#[apply(both_ways)]
async fn a_subject_token_that_introspection_would_not_accept_gives_no_token() {
    let mut world = World::new().await;
    let mut id = ClientId::new(world.now, &mut world.random);
    for sql in [
        "UPDATE access_tokens SET revoked_at = now(), revocation_reason = 'client_request'",
        "UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'logout'",
        "UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'",
        "UPDATE users SET locked_at = now()",
        "UPDATE users SET revocation_epoch = 1",
        "UPDATE clients SET disabled_at = now() WHERE client_id <> 'other'",
        "UPDATE clients SET revocation_epoch = 1 WHERE client_id <> 'other'",
        "DELETE FROM refresh_tokens",
        "UPDATE access_tokens SET user_id = NULL, session_id = NULL, refresh_token_id = NULL",
    ] {
        let code = world.code().await;
        let subject = world.tokens(&code).await.access;
        // It is another client that asks, as it mostly is.
        id = ClientId::new(world.now, &mut world.random);
        world
            .sql(&format!(
                "DELETE FROM clients WHERE client_id = 'other';
                 INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, jwks_uri, allowed_scopes, grant_types,
                                      response_types)
                 VALUES ('{id}', 'other', 'Other', 'confidential', 'private_key_jwt', 'https://other.example/keys', '{{openid}}',
                         '{{urn:ietf:params:oauth:grant-type:token-exchange}}', '{{}}')"
            ))
            .await;
        world.sql(sql).await;
        let subject = Subject::AccessToken(subject.id());
        let (outcome, _) = world.grant_with(|r| IssueAccessToken { subject, client: id, ..r }).await;
        assert_eq!(outcome, Err(Refusal::SubjectInvalid), "{sql}");
        world
            .sql("DELETE FROM access_tokens; DELETE FROM refresh_tokens; DELETE FROM authorization_codes")
            .await;
        world.restore().await;
    }
    let code = world.code().await;
    let subject = Subject::AccessToken(world.tokens(&code).await.access.id());
    let (outcome, token) = world.grant_with(|r| IssueAccessToken { subject, client: id, ..r }).await;
    outcome.expect("a token");
    assert_eq!(world.introspect(&token).await.expect("active").client, id);
}
