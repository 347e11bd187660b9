use oauth2::http::Request;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, Scope, TokenResponse};

use super::browser::{Browser, field};
use super::http::{header, json, text};
use super::server::{ISSUER, PASSWORD, Server};

#[tokio::test]
async fn guesses_at_a_password_lock_the_account_for_a_while() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    for _ in 0..5 {
        let answer = browser.sign_in("/login", "wrong").await;
        assert_eq!(answer.status(), 401);
    }
    let wrong = text(&browser.sign_in("/login", "wrong").await);
    let locked = browser.sign_in("/login", PASSWORD).await;
    assert_eq!((locked.status().as_u16(), mask(&text(&locked))), (401, mask(&wrong)));
    server.wait(31 * 60);
    assert_eq!(browser.sign_in("/login", PASSWORD).await.status(), 303);
}

/// A page without what is another one in each browser.
fn mask(page: &str) -> String {
    page.split("name=\"csrf\"").next().expect("a beginning").to_owned()
}

#[tokio::test]
async fn whoever_has_no_account_is_told_the_same() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    let known = text(&browser.sign_in("/login", "wrong").await);
    let page = browser.get("/login").await;
    for name in ["nobody", "", "a\u{7f}", "%"] {
        let answer = browser.submit("/login", &page, &[("username", name), ("password", "wrong")]).await;
        assert_eq!((answer.status().as_u16(), mask(&text(&answer))), (401, mask(&known)), "{name:?}");
    }
    let events = "SELECT count(*)::text FROM audit_logs WHERE event = 'user.login' AND outcome = 'failure'
                  AND ip_address = '127.0.0.1'";
    assert_eq!(server.database.column(events).await, ["5"]);
}

#[tokio::test]
async fn a_login_leads_to_no_other_site() {
    let server = Server::start().await;
    for elsewhere in
        ["https://evil.example/", "//evil.example", "/%5Cevil.example", "/device%0d%0aLocation:x"]
    {
        let mut browser = Browser::new(&server);
        let answer = browser.sign_in(&format!("/login?return_to={elsewhere}"), PASSWORD).await;
        assert_eq!(header(&answer, "location"), "/", "{elsewhere}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_its_tokens_but_no_offline_access() {
    let server = Server::start().await;
    let client = server.client("web");
    let mut browser = Browser::signed_in(&server).await;
    let mut granted = Vec::new();
    for scope in ["email", "offline_access"] {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(CsrfToken::new_random).add_scope(Scope::new(scope.into()));
        let (url, _) = request.set_pkce_challenge(challenge).url();
        let code = AuthorizationCode::new(browser.decide(&url, "approve").await["code"].clone());
        let request = client.exchange_code(code).set_pkce_verifier(verifier);
        granted.push(request.request_async(&server.http()).await.expect("tokens"));
    }
    let page = browser.get("/logout").await;
    let answer = browser.submit("/logout", &page, &[]).await;
    assert_eq!(answer.status(), 303);
    assert!(text(&browser.get("/").await).contains("Sign in"));
    assert!(!server.is_active(granted[0].access_token()).await);
    assert!(server.is_active(granted[1].access_token()).await);
}

#[tokio::test]
async fn a_generated_password_has_to_be_replaced_before_anything_else() {
    let server = Server::start().await;
    server.database.execute("UPDATE users SET must_change_password = true").await;
    let mut browser = Browser::new(&server);
    let answer = browser.sign_in("/login?return_to=/device", PASSWORD).await;
    assert_eq!(header(&answer, "location"), "/password");
    let page = browser.get("/device").await;
    let answer = browser.submit("/device", &page, &[("user_code", "BCDF-GHJK")]).await;
    assert_eq!(header(&answer, "location"), "/password");

    let page = browser.get("/password").await;
    let new = "seven plum lanterns whistle";
    for (current, new, complaint) in [
        ("wrong", new, "current password is wrong"),
        (PASSWORD, "short", "at least 12 characters"),
        (PASSWORD, PASSWORD, "had this password before"),
    ] {
        let answer = browser.submit("/password", &page, &[("current", current), ("new", new)]).await;
        assert!(text(&answer).contains(complaint), "{}", text(&answer));
    }
    let answer = browser.submit("/password", &page, &[("current", PASSWORD), ("new", new)]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"));
    assert!(text(&browser.get("/").await).contains("signed in as ada"));
    assert_eq!(Browser::new(&server).sign_in("/login", PASSWORD).await.status(), 401);
    assert_eq!(
        header(&Browser::new(&server).sign_in("/login?return_to=/device", new).await, "location"),
        "/device"
    );
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_the_login() {
    let server = Server::start().await;
    // A test vector of the authors of bcrypt, for the password `U*U`.
    let outdated = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    server.database.execute(&format!("UPDATE users SET password_hash = '{outdated}'")).await;
    for _ in 0..2 {
        assert_eq!(Browser::new(&server).sign_in("/login", "U*U").await.status(), 303);
    }
    let now = "SELECT split_part(password_hash, '$', 2) || cardinality(password_history) || revocation_epoch FROM users";
    assert_eq!(server.database.column(now).await, ["argon2id00"]);
    let events = "SELECT count(*)::text FROM audit_logs WHERE event = 'user.upgrade_password_hash'";
    assert_eq!(server.database.column(events).await, ["1"]);
}

#[tokio::test]
async fn the_metadata_names_endpoints_that_are_there() {
    let server = Server::start().await;
    let at = "/.well-known/oauth-authorization-server";
    let metadata = json(&server.send(Request::get(at).body(Vec::new()).expect("a request")).await);
    assert_eq!(metadata["issuer"], ISSUER);
    let mut endpoints = 0;
    for (name, value) in metadata.as_object().expect("an object") {
        if name.ends_with("_endpoint") {
            let path = value.as_str().and_then(|url| url.strip_prefix(ISSUER)).expect("an endpoint");
            let answer = server.send(Request::get(path).body(Vec::new()).expect("a request")).await;
            assert!([400, 405].contains(&answer.status().as_u16()), "{name} {}", answer.status());
            endpoints += 1;
        }
    }
    assert_eq!(endpoints, 5);
}

#[tokio::test]
async fn the_metrics_count_statements_and_name_nobody() {
    let server = Server::start().await;
    let tokens = server.tokens(&server.client("web"), &["email"]).await;
    let answer = server.send(Request::get("/metrics").body(Vec::new()).expect("a request")).await;
    let metrics = text(&answer);
    let line = "authority_statement_seconds_count{statement=\"authorization_codes.exchange\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
    for private in ["ada", "web", tokens.access_token().secret(), server.secret("web")] {
        assert!(!metrics.contains(private), "{private}");
    }
    assert!(field(&Browser::new(&server).get("/login").await, "csrf").len() > 40);
}
