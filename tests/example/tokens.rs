use oauth2::basic::{BasicErrorResponseType, BasicRevocationErrorResponse};
use oauth2::{
    AccessToken, RequestTokenError, Scope, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse,
};

use super::code::assert_refused;
use super::http::{header, json};
use super::server::{ISSUER, Server};

#[tokio::test]
async fn a_resource_server_learns_what_a_token_is_good_for() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("app"), &["email", "profile"]).await;
    let api = server.client("api");
    let found = api.introspect(tokens.access_token()).request_async(&server.http()).await.expect("an answer");
    assert!(found.active());
    assert_eq!(found.client_id().map(|id| id.as_str()), Some("app"));
    assert_eq!(found.username(), Some("ada"));
    assert_eq!(found.iss(), Some(ISSUER));
    assert_eq!(found.aud(), Some(&vec![ISSUER.to_owned()]));
    let scopes: Vec<_> = found.scopes().expect("scopes").iter().map(|scope| scope.as_str()).collect();
    assert_eq!(scopes, ["email", "profile"]);
    assert_eq!((found.exp().expect("exp") - found.iat().expect("iat")).num_seconds(), 3600);

    server.wait(3600);
    assert!(!server.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn a_client_sees_its_own_tokens_only() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("web"), &["email"]).await;
    let refresh = AccessToken::new(tokens.refresh_token().expect("a refresh token").secret().clone());
    for (client_id, sees) in [("web", true), ("post", false)] {
        for token in [tokens.access_token(), &refresh] {
            let client = server.client(client_id);
            let found = client.introspect(token).request_async(&server.http()).await.expect("an answer");
            assert_eq!(found.active(), sees, "{client_id}");
        }
    }
    let fields = [
        ("client_id", "post"),
        ("client_secret", server.secret("post")),
        ("token", tokens.access_token().secret()),
    ];
    let found = server.post("/introspect", &fields).await;
    assert_eq!(json(&found), serde_json::json!({ "active": false }));
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token_to_a_resource_server() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("app"), &["email"]).await;
    assert!(server.is_active(tokens.access_token()).await);
    let refresh = AccessToken::new(tokens.refresh_token().expect("a refresh token").secret().clone());
    assert!(!server.is_active(&refresh).await);
}

#[tokio::test]
async fn an_answer_with_tokens_is_kept_by_no_cache() {
    let server = Server::start().await;
    let secret = server.secret("post");
    let fields = [
        ("client_id", "post"),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", "email"),
    ];
    let answer = server.post("/token", &fields).await;
    assert!(json(&answer)["access_token"].is_string());
    assert_eq!((header(&answer, "cache-control"), header(&answer, "pragma")), ("no-store", "no-cache"));
}

#[tokio::test]
async fn nobody_introspects_without_proving_who_they_are() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("app"), &["email"]).await;
    let token = ("token", tokens.access_token().secret().as_str());
    for fields in [vec![token], vec![token, ("client_id", "app")], vec![token, ("client_id", "web")]] {
        let answer = server.post("/introspect", &fields).await;
        assert_eq!(answer.status(), 401, "{fields:?}");
        assert!(header(&answer, "www-authenticate").starts_with("Basic realm="));
        assert_eq!(json(&answer)["error"], "invalid_client");
    }
}

#[tokio::test]
async fn a_client_gives_an_access_token_back() {
    let server = Server::start().await;
    let client = server.client("web");
    let tokens = server.tokens(&client, &["email"]).await;
    let token = StandardRevocableToken::AccessToken(tokens.access_token().clone());
    client.revoke_token(token).expect("https").request_async(&server.http()).await.expect("revoked");
    assert!(!server.is_active(tokens.access_token()).await);
    let refresh = client.exchange_refresh_token(tokens.refresh_token().expect("a refresh token"));
    refresh.request_async(&server.http()).await.expect("tokens");
}

#[tokio::test]
async fn a_refresh_token_that_is_given_back_takes_its_access_tokens_along() {
    let server = Server::start().await;
    let client = server.client("app");
    let tokens = server.tokens(&client, &["email"]).await;
    let refresh = tokens.refresh_token().expect("a refresh token");
    let token = StandardRevocableToken::RefreshToken(refresh.clone());
    client.revoke_token(token).expect("https").request_async(&server.http()).await.expect("revoked");
    assert!(!server.is_active(tokens.access_token()).await);
    let refresh = client.exchange_refresh_token(refresh).request_async(&server.http()).await;
    assert_refused(refresh, &BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn a_token_of_another_client_stays_and_what_is_no_token_is_gone_already() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("web"), &["email"]).await;
    let refresh = tokens.refresh_token().expect("a refresh token");
    let other = server.client("post");
    for token in [
        StandardRevocableToken::AccessToken(tokens.access_token().clone()),
        StandardRevocableToken::RefreshToken(refresh.clone()),
    ] {
        let outcome = other.revoke_token(token).expect("https").request_async(&server.http()).await;
        let Err(RequestTokenError::ServerResponse(response)) = outcome else { panic!("{outcome:?}") };
        let response: BasicRevocationErrorResponse = response;
        assert_eq!(response.error().to_string(), "invalid_grant");
    }
    assert!(server.is_active(tokens.access_token()).await);
    let garbage = StandardRevocableToken::AccessToken(AccessToken::new("ath_at_garbage".into()));
    other.revoke_token(garbage).expect("https").request_async(&server.http()).await.expect("revoked");
}

#[tokio::test]
async fn a_confidential_client_acts_for_itself_and_a_public_one_cannot() {
    let server = Server::start().await;
    for client_id in ["web", "post"] {
        let client = server.client(client_id);
        let request = client.exchange_client_credentials().add_scope(Scope::new("email".into()));
        let tokens = request.request_async(&server.http()).await.expect("tokens");
        assert!(tokens.refresh_token().is_none());
        let api = server.client("api");
        let found =
            api.introspect(tokens.access_token()).request_async(&server.http()).await.expect("an answer");
        assert_eq!((found.active(), found.username(), found.sub()), (true, None, None));
    }
    let app = server.client("app");
    let request = app.exchange_client_credentials().add_scope(Scope::new("email".into()));
    let refused = request.request_async(&server.http()).await;
    assert_refused(refused, &BasicErrorResponseType::UnauthorizedClient);
}
