use oauth2::basic::BasicErrorResponseType;
use oauth2::{Scope, TokenResponse};

use super::code::assert_refused;
use super::server::Server;

#[tokio::test]
async fn the_same_refresh_token_twice_gives_the_same_successor() {
    let server = Server::start().await;
    let client = server.client("app");
    let first = server.tokens(&client, &["email"]).await;
    let refresh = || client.exchange_refresh_token(first.refresh_token().expect("a refresh token"));
    let one = refresh().request_async(&server.http()).await.expect("tokens");
    let two = refresh().request_async(&server.http()).await.expect("tokens");
    let secret =
        |tokens: &oauth2::basic::BasicTokenResponse| tokens.refresh_token().expect("one").secret().clone();
    assert_eq!(secret(&one), secret(&two));
    assert_ne!(secret(&one), secret(&first));
    for tokens in [&first, &one, &two] {
        assert!(server.is_active(tokens.access_token()).await);
    }
}

#[tokio::test]
async fn an_old_refresh_token_ends_everything_of_its_grant() {
    let server = Server::start().await;
    let client = server.client("app");
    let first = server.tokens(&client, &["email"]).await;
    let old = first.refresh_token().expect("a refresh token");
    let second = client.exchange_refresh_token(old).request_async(&server.http()).await.expect("tokens");
    let current = second.refresh_token().expect("a refresh token");
    let third = client.exchange_refresh_token(current).request_async(&server.http()).await.expect("tokens");
    assert!(server.is_active(third.access_token()).await);

    let theft = client.exchange_refresh_token(old).request_async(&server.http()).await;
    assert_refused(theft, &BasicErrorResponseType::InvalidGrant);
    for tokens in [&first, &second, &third] {
        assert!(!server.is_active(tokens.access_token()).await);
    }
    let honest = client.exchange_refresh_token(third.refresh_token().expect("a refresh token"));
    assert_refused(honest.request_async(&server.http()).await, &BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_not_for_more() {
    let server = Server::start().await;
    let client = server.client("web");
    let tokens = server.tokens(&client, &["email", "profile"]).await;
    let refresh = client.exchange_refresh_token(tokens.refresh_token().expect("a refresh token"));
    let less =
        refresh.add_scope(Scope::new("email".into())).request_async(&server.http()).await.expect("tokens");
    assert_eq!(less.scopes(), Some(&vec![Scope::new("email".into())]));
    let refresh = client.exchange_refresh_token(less.refresh_token().expect("a refresh token"));
    let more = refresh.add_scope(Scope::new("offline_access".into())).request_async(&server.http()).await;
    assert_refused(more, &BasicErrorResponseType::InvalidScope);
}
