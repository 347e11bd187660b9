use oauth2::http::Request;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, Scope, TokenResponse};

use super::browser::{Browser, field};
use super::http::{header, json, text};
use super::server::{ISSUER, PASSWORD, Server};

/// The cookie of a session.
const SESSION: &str = "__Host-session";
/// Another password.
const NEW: &str = "seven plum lanterns whistle";

#[tokio::test]
async fn guesses_at_a_password_lock_the_account_for_a_while() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    for _ in 0..5 {
        let answer = browser.sign_in("/login", "wrong").await;
        assert_eq!(answer.status(), 403);
    }
    let wrong = text(&browser.sign_in("/login", "wrong").await);
    let locked = browser.sign_in("/login", PASSWORD).await;
    assert_eq!((locked.status().as_u16(), mask(&text(&locked))), (403, mask(&wrong)));
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
        assert_eq!((answer.status().as_u16(), mask(&text(&answer))), (403, mask(&known)), "{name:?}");
    }
    let events = "SELECT count(*)::text FROM audit_logs WHERE event = 'user.login' AND outcome = 'failure'
                  AND ip_address = '203.0.113.9'";
    assert_eq!(server.database.column(events).await, ["5"]);
}

#[tokio::test]
async fn a_login_leads_to_no_other_site_whatever_it_is_told() {
    let server = Server::start().await;
    let long = "a".repeat(20_000);
    let elsewhere = [
        "",
        "https://evil.example/",
        "https:%2F%2Fevil.example/device",
        "//evil.example",
        "//evil.example/device",
        "%2F%2Fevil.example",
        "%252F%252Fevil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/device@evil.example",
        "/device%0d%0aLocation:%20https://evil.example",
        "/device%3F%0d%0aSet-Cookie:%20a=b",
        "/device%3F%C3%A4",
        "/device%3F%ff%00",
        "/device&return_to=/authorize",
        &format!("/device%3F{long}"),
        &long,
    ];
    for elsewhere in elsewhere {
        for separator in ["", "&"] {
            let path = format!("/login?{separator}return_to={elsewhere}");
            let answer = Browser::new(&server).sign_in(&path, PASSWORD).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"), "{path:.80}");
        }
    }
    // Nor does a form that was changed on the way.
    for (field, status, location) in [
        ("//evil.example", 303, "/"),
        ("/device?a\r\nb", 303, "/"),
        (long.as_str(), 413, ""),
        ("\0", 400, ""),
    ] {
        let mut browser = Browser::new(&server);
        let page = browser.get("/login").await;
        let fields = [("username", "ada"), ("password", PASSWORD), ("return_to", field)];
        let answer = browser.submit("/login", &page, &fields).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "location")),
            (status, location),
            "{field:.80}"
        );
    }
}

#[tokio::test]
async fn whoever_has_to_sign_in_first_comes_back_to_what_they_wanted() {
    let server = Server::start().await;
    let wanted = "/device?user_code=BCDF-GHJK&a=//evil.example";
    let mut browser = Browser::new(&server);
    let login = browser.get(wanted).await;
    let login = header(&login, "location").to_owned();
    assert_eq!(login, "/login?return_to=%2Fdevice%3Fuser_code%3DBCDF-GHJK%26a%3D%2F%2Fevil.example");
    assert_eq!(header(&browser.sign_in(&login, PASSWORD).await, "location"), wanted);
}

#[tokio::test]
async fn whoever_signs_in_again_leaves_no_session_behind() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let mut earlier = browser.copied();
    assert_eq!(browser.sign_in("/login", PASSWORD).await.status(), 303);
    assert!(text(&browser.get("/").await).contains("signed in as ada"));
    assert!(text(&earlier.get("/").await).contains("Sign in"));
    assert_eq!(earlier.cookie(SESSION), None);
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
    let first = "/password?return_to=%2Fdevice";
    assert_eq!(header(&answer, "location"), first);
    let page = browser.get("/device").await;
    let answer = browser.submit("/device", &page, &[("user_code", "BCDF-GHJK")]).await;
    assert_eq!(header(&answer, "location"), first);

    let page = browser.get(first).await;
    for (current, new, complaint) in [
        ("wrong", NEW, "current password is wrong"),
        (PASSWORD, "short", "at least 12 characters"),
        (PASSWORD, PASSWORD, "had this password before"),
    ] {
        let answer = browser.submit("/password", &page, &[("current", current), ("new", new)]).await;
        assert!(text(&answer).contains(complaint), "{}", text(&answer));
    }
    let return_to = field(&page, "return_to");
    let fields = [("current", PASSWORD), ("new", NEW), ("return_to", return_to.as_str())];
    let answer = browser.submit("/password", &page, &fields).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/device"));
    assert!(text(&browser.get("/").await).contains("signed in as ada"));
    assert_eq!(Browser::new(&server).sign_in("/login", PASSWORD).await.status(), 403);
    assert_eq!(
        header(&Browser::new(&server).sign_in("/login?return_to=/device", NEW).await, "location"),
        "/device"
    );
}

#[tokio::test]
async fn a_change_of_password_leaves_one_session_under_another_cookie() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let mut elsewhere = Browser::signed_in(&server).await;
    let mut thief = browser.copied();
    let old = browser.cookie(SESSION).expect("a session").to_owned();
    let page = browser.get("/password").await;
    let fields = [("current", PASSWORD), ("new", NEW)];
    let answer = browser.submit("/password", &page, &fields).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"));
    assert_ne!(browser.cookie(SESSION).expect("a session"), old);
    assert!(text(&browser.get("/").await).contains("signed in as ada"));
    // The forms of the new cookie work, and those of the old one do not.
    let page = browser.get("/device").await;
    assert_eq!(browser.submit("/device", &page, &[("user_code", "BCDF-GHJK")]).await.status(), 400);
    for ended in [&mut thief, &mut elsewhere] {
        let answer = ended.get("/device").await;
        assert_eq!(header(&answer, "location"), "/login?return_to=%2Fdevice");
        assert_eq!(ended.cookie(SESSION), None);
    }
    let live = "SELECT count(*)::text FROM sessions s JOIN users u ON u.id = s.user_id
                WHERE s.revoked_at IS NULL AND s.user_epoch = u.revocation_epoch";
    assert_eq!(server.database.column(live).await, ["1"]);
}

#[tokio::test]
async fn a_change_of_password_in_a_session_that_ended_is_none_and_takes_the_cookie_away() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let page = browser.get("/password").await;
    server.database.execute("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'").await;
    let answer = browser.submit("/password", &page, &[("current", PASSWORD), ("new", NEW)]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/login"));
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(Browser::new(&server).sign_in("/login", PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn nothing_tells_a_right_guess_at_the_current_password_while_guessing_is_locked_out() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let page = browser.get("/password").await;
    for _ in 0..5 {
        browser.submit("/password", &page, &[("current", "wrong"), ("new", NEW)]).await;
    }
    // The last two would be told something else than a wrong guess, were they looked at.
    for (current, new) in [("wrong", NEW), (PASSWORD, NEW), (PASSWORD, "short"), (PASSWORD, PASSWORD)] {
        let answer = browser.submit("/password", &page, &[("current", current), ("new", new)]).await;
        let told = text(&answer).contains("The current password is wrong, or there were too many attempts.");
        assert!(answer.status() == 400 && told, "{current} {new}: {}", text(&answer));
        assert_eq!(header(&answer, "set-cookie"), "");
    }
    // Who is signed in stays so.
    assert!(text(&browser.get("/").await).contains("signed in as ada"));
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
