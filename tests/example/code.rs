use oauth2::basic::BasicErrorResponseType;
use oauth2::{
    AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, Scope,
    TokenResponse,
};

use super::browser::Browser;
use super::server::Server;

#[tokio::test]
async fn clients_of_every_kind_get_tokens_by_a_code_with_pkce() {
    let server = Server::start().await;
    for client_id in ["web", "post", "app"] {
        let tokens = server.tokens(&server.client(client_id), &["profile", "email"]).await;
        assert_eq!(tokens.expires_in().map(|lifetime| lifetime.as_secs()), Some(3600), "{client_id}");
        let scopes: Vec<_> = tokens.scopes().expect("scopes").iter().map(|scope| scope.to_string()).collect();
        assert_eq!(scopes, ["email", "profile"]);
        assert!(tokens.refresh_token().is_some());
        assert!(server.is_active(tokens.access_token()).await);
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_comes_back_to_the_request_after_the_login() {
    let server = Server::start().await;
    let (challenge, _) = PkceCodeChallenge::new_random_sha256();
    let client = server.client("web");
    let request = client.authorize_url(CsrfToken::new_random);
    let (url, _) = request.add_scope(Scope::new("email".into())).set_pkce_challenge(challenge).url();
    let path = format!("{}?{}", url.path(), url.query().expect("a query"));
    let mut browser = Browser::new(&server);
    let answer = browser.get(&path).await;
    assert_eq!(answer.status(), 303);
    let login = super::http::header(&answer, "location").to_owned();
    let answer = browser.sign_in(&login, super::server::PASSWORD).await;
    assert_eq!(super::http::header(&answer, "location"), path);
    assert!(browser.decide(&url, "approve").await.contains_key("code"));
}

#[tokio::test]
async fn a_replayed_code_gives_nothing_and_takes_back_what_it_gave() {
    let server = Server::start().await;
    let client = server.client("web");
    let (code, verifier) = server.code(&client, &["email"]).await;
    let exchange = |verifier: &PkceCodeVerifier| {
        let again = PkceCodeVerifier::new(verifier.secret().clone());
        client.exchange_code(AuthorizationCode::new(code.secret().clone())).set_pkce_verifier(again)
    };
    let tokens = exchange(&verifier).request_async(&server.http()).await.expect("tokens");
    assert!(server.is_active(tokens.access_token()).await);
    assert_refused(
        exchange(&verifier).request_async(&server.http()).await,
        &BasicErrorResponseType::InvalidGrant,
    );
    assert!(!server.is_active(tokens.access_token()).await);
    let refresh = client.exchange_refresh_token(tokens.refresh_token().expect("a refresh token"));
    assert_refused(refresh.request_async(&server.http()).await, &BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn a_code_needs_its_verifier_and_its_client() {
    let server = Server::start().await;
    let client = server.client("web");
    let (code, verifier) = server.code(&client, &["email"]).await;
    let code = || AuthorizationCode::new(code.secret().clone());
    let (_, other) = PkceCodeChallenge::new_random_sha256();
    let wrong = client.exchange_code(code()).set_pkce_verifier(other);
    assert_refused(wrong.request_async(&server.http()).await, &BasicErrorResponseType::InvalidGrant);
    let without = client.exchange_code(code());
    assert_refused(without.request_async(&server.http()).await, &BasicErrorResponseType::InvalidGrant);
    let verifier = || PkceCodeVerifier::new(verifier.secret().clone());
    let stolen = server.client("app");
    let stolen = stolen.exchange_code(code()).set_pkce_verifier(verifier());
    assert_refused(stolen.request_async(&server.http()).await, &BasicErrorResponseType::InvalidGrant);
    let right = client.exchange_code(code()).set_pkce_verifier(verifier());
    right.request_async(&server.http()).await.expect("tokens");
}

#[tokio::test]
async fn a_client_hears_that_the_person_refused() {
    let server = Server::start().await;
    let (challenge, _) = PkceCodeChallenge::new_random_sha256();
    let client = server.client("web");
    let request = client.authorize_url(|| CsrfToken::new("a&b=c #\"<".into()));
    let (url, state) = request.add_scope(Scope::new("email".into())).set_pkce_challenge(challenge).url();
    let answer = Browser::signed_in(&server).await.decide(&url, "deny").await;
    assert_eq!((answer["error"].as_str(), &answer["state"]), ("access_denied", state.secret()));
    assert!(!answer.contains_key("code"));
}

/// The library has understood the refusal.
pub(crate) fn assert_refused<T: std::fmt::Debug, E: std::error::Error>(
    outcome: Result<T, RequestTokenError<E, oauth2::basic::BasicErrorResponse>>,
    error: &BasicErrorResponseType,
) {
    match outcome {
        Err(RequestTokenError::ServerResponse(response)) => assert_eq!(response.error(), error),
        other => panic!("{other:?}"),
    }
}
