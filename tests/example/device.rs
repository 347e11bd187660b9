use oauth2::basic::BasicErrorResponseType;
use oauth2::{
    DeviceCodeErrorResponseType, RequestTokenError, Scope, StandardDeviceAuthorizationResponse, TokenResponse,
};

use super::browser::{Browser, field};
use super::code::assert_refused;
use super::http::{json, text};
use super::server::Server;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(server: &Server) -> StandardDeviceAuthorizationResponse {
    let client = server.client("app");
    let request = client.exchange_device_code().add_scope(Scope::new("email".into()));
    request.request_async(&server.http()).await.expect("a device code")
}

/// Types a user code and answers.
async fn answer(server: &Server, user_code: &str, decision: &str) -> String {
    let mut browser = Browser::signed_in(server).await;
    let page = browser.get(&format!("/device?user_code={user_code}")).await;
    assert_eq!(field(&page, "user_code"), user_code);
    let page = browser.submit("/device", &page, &[("user_code", user_code)]).await;
    assert!(text(&page).contains("App on a device asks for"), "{}", text(&page));
    let device = field(&page, "device");
    let fields = [("user_code", user_code), ("device", device.as_str()), ("decision", decision)];
    text(&browser.submit("/device", &page, &fields).await)
}

async fn poll(server: &Server, device: &StandardDeviceAuthorizationResponse) -> serde_json::Value {
    let code = device.device_code().secret();
    let fields = [("grant_type", GRANT), ("device_code", code.as_str()), ("client_id", "app")];
    json(&server.post("/token", &fields).await)
}

#[tokio::test]
async fn a_device_polls_until_it_is_let_in() {
    let server = Server::start().await;
    let device = begin(&server).await;
    assert_eq!(device.interval().as_secs(), 5);
    let client = server.client("app");
    let (server, user_code) = (&server, device.user_code().secret().as_str());
    // Each wait of the library is time that passes for the server; during the third one the person answers.
    let waits = std::sync::atomic::AtomicU32::new(0);
    let waits = &waits;
    let sleep = move |duration: std::time::Duration| async move {
        server.wait(i64::try_from(duration.as_secs()).expect("a short time"));
        if waits.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
            assert!(answer(server, user_code, "approve").await.contains("The device is let in"));
        }
    };
    let request = client.exchange_device_access_token(&device);
    let tokens = request.request_async(&server.http(), sleep, None).await.expect("tokens");
    assert_eq!(waits.load(std::sync::atomic::Ordering::Relaxed), 3);
    assert!(server.is_active(tokens.access_token()).await);
    assert!(tokens.refresh_token().is_some());
    assert_eq!(poll(server, &device).await["error"], "invalid_grant");
    assert!(server.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn a_device_that_asks_too_early_is_slowed_down() {
    let server = Server::start().await;
    let device = begin(&server).await;
    assert_eq!(poll(&server, &device).await["error"], "authorization_pending");
    server.wait(2);
    assert_eq!(poll(&server, &device).await["error"], "slow_down");
    server.wait(7);
    assert_eq!(poll(&server, &device).await["error"], "slow_down");
    server.wait(20);
    assert_eq!(poll(&server, &device).await["error"], "authorization_pending");
}

#[tokio::test]
async fn a_device_hears_that_the_person_refused() {
    let server = Server::start().await;
    let device = begin(&server).await;
    let user_code = device.user_code().secret();
    assert!(answer(&server, user_code, "deny").await.contains("The device is refused"));
    let client = server.client("app");
    let request = client.exchange_device_access_token(&device);
    let outcome = request.request_async(&server.http(), |_| async {}, None).await;
    let Err(RequestTokenError::ServerResponse(response)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(*response.error(), DeviceCodeErrorResponseType::AccessDenied);
}

#[tokio::test]
async fn a_device_that_waits_for_too_long_is_refused() {
    let server = Server::start().await;
    let device = begin(&server).await;
    server.wait(i64::try_from(device.expires_in().as_secs()).expect("a short time"));
    assert_eq!(poll(&server, &device).await["error"], "expired_token");
    let mut browser = Browser::signed_in(&server).await;
    let page = browser.get("/device").await;
    let page = browser.submit("/device", &page, &[("user_code", device.user_code().secret())]).await;
    assert_eq!(page.status(), 400);
    assert!(text(&page).contains("waited for too long"), "{}", text(&page));
}

#[tokio::test]
async fn only_a_client_that_may_asks_for_a_device_code() {
    let server = Server::start().await;
    let client = server.client("api");
    let request = client.exchange_device_code().add_scope(Scope::new("email".into()));
    let outcome: Result<StandardDeviceAuthorizationResponse, _> = request.request_async(&server.http()).await;
    assert_refused(outcome, &BasicErrorResponseType::UnauthorizedClient);
}
