use oauth2::http::Request;
use oauth2::url::Url;
use oauth2::{PkceCodeChallenge, TokenResponse};

use super::browser::{Browser, parameters};
use super::http::{form, header, json, post, text};
use super::server::{CALLBACK, Server};

/// The path of an authorization request that is right, but for what the test changes of it.
fn authorize(changes: &[(&str, Option<&str>)]) -> String {
    let (challenge, _) = PkceCodeChallenge::new_random_sha256();
    let mut url = Url::parse("https://auth.example/authorize").expect("a URL");
    let right = [
        ("response_type", "code"),
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("scope", "email"),
        ("state", "s"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in right {
        match changes.iter().find(|(changed, _)| *changed == name) {
            Some((_, None)) => {}
            Some((_, Some(value))) => drop(url.query_pairs_mut().append_pair(name, value)),
            None => drop(url.query_pairs_mut().append_pair(name, value)),
        }
    }
    for (name, value) in changes.iter().filter(|(name, _)| right.iter().all(|(known, _)| known != name)) {
        url.query_pairs_mut().append_pair(name, value.expect("a value"));
    }
    format!("{}?{}", url.path(), url.query().expect("a query"))
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let elsewhere = [
        "https://evil.example/",
        "https://web.example/callback",
        "https://web.example/callback?from=auth&more",
        "https://web.example/callback?from=auth#",
        "https://web.example/callback?from=aut\u{0}h",
        "https://WEB.example/callback?from=auth",
        "https://web.example/callback/../callback?from=auth",
        "javascript:alert(1)",
    ];
    for redirect_uri in elsewhere {
        for wrong in [("scope", Some("email")), ("scope", Some("unknown"))] {
            let path = authorize(&[("redirect_uri", Some(redirect_uri)), wrong]);
            let answer = browser.get(&path).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, ""), "{redirect_uri}");
        }
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", authorize(&[]));
    for path in [twice, authorize(&[("client_id", None)]), authorize(&[("client_id", Some("nobody"))])] {
        let answer = browser.get(&path).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, ""), "{path}");
    }
    server.database.execute("UPDATE clients SET disabled_at = now() WHERE client_id = 'web'").await;
    let answer = browser.get(&authorize(&[])).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, ""));
}

#[tokio::test]
async fn a_client_hears_what_is_wrong_with_its_request() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let long = "n".repeat(1001);
    let endless = "n".repeat(5000);
    let cases = [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("openid"), "invalid_scope"),
        ("scope", Some("email  profile"), "invalid_scope"),
        ("scope", Some("<script>"), "invalid_scope"),
        ("nonce", Some(long.as_str()), "invalid_request"),
        ("nonce", Some("a\u{0}"), "invalid_request"),
        ("request", Some("e30.e30."), "invalid_request"),
        ("resource", Some("https://api.example"), "invalid_target"),
        ("unknown", Some(endless.as_str()), "invalid_request"),
    ];
    for (name, value, error) in cases {
        let answer = parameters(&browser.get(&authorize(&[(name, value)])).await);
        assert_eq!((answer["error"].as_str(), answer["state"].as_str()), (error, "s"), "{name}={value:?}");
    }
    let answer = parameters(&browser.get(&format!("{}&scope=email", authorize(&[]))).await);
    assert_eq!(answer["error"], "invalid_request");
    // A state that is there twice is none.
    let answer = parameters(&browser.get(&format!("{}&state=t", authorize(&[]))).await);
    assert_eq!((answer["error"].as_str(), answer.get("state")), ("invalid_request", None));
}

#[tokio::test]
async fn nothing_from_outside_is_markup() {
    let server = Server::start().await;
    let mut browser = Browser::signed_in(&server).await;
    let attack = "\"'><script>alert(1)</script>";
    server.database.execute("UPDATE clients SET allowed_scopes = '{<script>}' WHERE client_id = 'web'").await;
    let login = form_urlencoded::Serializer::new(String::from("/login?"));
    let pages = [
        authorize(&[("state", Some(attack)), ("scope", Some("<script>"))]),
        authorize(&[("state", Some(attack)), ("client_id", Some(attack))]),
        { login }.append_pair("return_to", &format!("/device?user_code={attack}")).finish(),
        form_urlencoded::Serializer::new(String::from("/device?")).append_pair("user_code", attack).finish(),
    ];
    for path in pages {
        let answer = browser.get(&path).await;
        let page = text(&answer);
        assert!(header(&answer, "content-type").starts_with("text/html"), "{path}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header(&answer, "x-frame-options"), "DENY");
    }
    let page = text(&browser.get(&authorize(&[("scope", Some("<script>"))])).await);
    assert!(page.contains("&lt;b&gt;Web&lt;/b&gt;") && page.contains("&lt;script&gt;"), "{page}");
}

#[tokio::test]
async fn a_form_of_another_site_decides_nothing() {
    let server = Server::start().await;
    let mut victim = Browser::signed_in(&server).await;
    let mut attacker = Browser::signed_in(&server).await;
    let path = authorize(&[]);
    let of_attacker = super::browser::field(&attacker.get(&path).await, "csrf");
    let forms = [
        (path.as_str(), ("decision", "approve")),
        ("/device", ("user_code", "BCDF-GHJK")),
        ("/logout", ("x", "y")),
        ("/password", ("new", "another long enough passphrase")),
    ];
    for (path, field) in forms {
        for csrf in ["", "x", of_attacker.as_str()] {
            let answer = victim.post(path, &[field, ("csrf", csrf)]).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "location")), (403, ""), "{path} {csrf}");
        }
    }
    let mut stranger = Browser::new(&server);
    let login = [("username", "ada"), ("password", super::server::PASSWORD), ("csrf", of_attacker.as_str())];
    assert_eq!(stranger.post("/login", &login).await.status(), 403);
    let codes = server.database.column("SELECT count(*)::text FROM authorization_codes").await;
    assert_eq!(codes, ["0"]);
    assert!(text(&victim.get("/").await).contains("signed in as ada"));
}

#[tokio::test]
async fn a_token_request_that_is_malformed_is_refused_as_the_rfc_says() {
    let server = Server::start().await;
    let secret = server.secret("post");
    let right = [
        ("client_id", "post"),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
        ("scope", "email"),
    ];
    assert_eq!(server.post("/token", &right).await.status(), 200);
    let cases: Vec<(&[_], _, _)> = vec![
        (&[("scope", "email")], 400, "invalid_request"),
        (&[("grant_type", "password")], 400, "invalid_request"),
        (&[("client_secret", "x")], 400, "invalid_request"),
        (&[("username", "a\u{0}")], 400, "invalid_request"),
        (&[("resource", "https://api.example")], 400, "invalid_target"),
        (&[("scope", ""), ("grant_type", "")], 200, ""),
        (&[("unknown", "parameter")], 200, ""),
        (&[("unknown", "1"), ("unknown", "2")], 400, "invalid_request"),
        (&[("client_id", "web")], 400, "invalid_request"),
    ];
    for (more, status, error) in cases {
        let answer = server.post("/token", &[&right, more].concat()).await;
        assert_eq!(answer.status(), status, "{more:?}: {}", text(&answer));
        assert_eq!(json(&answer)["error"].as_str().unwrap_or_default(), error, "{more:?}");
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
    let known = [("client_id", "post"), ("client_secret", secret)];
    for (grant, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password"), ("username", "ada"), ("password", "x")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "authorization_code"), ("code", "garbage")], "invalid_grant"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "ath_rt_garbage")], "invalid_grant"),
        (vec![("grant_type", "client_credentials")], "invalid_scope"),
        (vec![("grant_type", "client_credentials"), ("scope", "openid")], "invalid_scope"),
    ] {
        let answer = server.post("/token", &[&known[..], &grant].concat()).await;
        assert_eq!(
            (answer.status().as_u16(), json(&answer)["error"].as_str()),
            (400, Some(error)),
            "{grant:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_does_not_prove_who_it_is_gets_nothing() {
    let server = Server::start().await;
    let grant = [("grant_type", "client_credentials"), ("scope", "email")];
    let (web, post) = (server.secret("web"), server.secret("post"));
    let fields = [
        vec![],
        vec![("client_id", "nobody"), ("client_secret", post)],
        vec![("client_id", "post")],
        vec![("client_id", "post"), ("client_secret", web)],
        vec![("client_id", "post"), ("client_secret", "garbage")],
        // Registered for Basic.
        vec![("client_id", "web"), ("client_secret", web)],
        vec![("client_secret", post)],
    ];
    for fields in fields {
        let answer = server.post("/token", &[&grant[..], &fields].concat()).await;
        assert_eq!(
            (answer.status().as_u16(), json(&answer)["error"].as_str()),
            (401, Some("invalid_client")),
            "{fields:?}"
        );
        assert!(header(&answer, "www-authenticate").starts_with("Basic "));
    }
    for authorization in ["Basic", "Basic !!!", "Basic YTpi", "Bearer x", "Digest a=b"] {
        let mut request = form("/token", &grant);
        request.headers_mut().insert("authorization", authorization.parse().expect("a header"));
        assert_eq!(server.send(request).await.status(), 401, "{authorization}");
    }
    server.database.execute("UPDATE clients SET disabled_at = now()").await;
    let fields = [&grant[..], &[("client_id", "post"), ("client_secret", post)]].concat();
    assert_eq!(server.post("/token", &fields).await.status(), 401);
}

#[tokio::test]
async fn a_body_that_is_no_form_or_too_large_is_not_read() {
    let server = Server::start().await;
    for path in ["/token", "/introspect", "/revoke", "/device_authorization"] {
        for content_type in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
            let answer = server.send(post(path, content_type, b"grant_type=client_credentials")).await;
            assert_eq!(
                (answer.status().as_u16(), json(&answer)["error"].as_str()),
                (400, Some("invalid_request"))
            );
        }
        let large = format!("token={}", "a".repeat(17 * 1024));
        let answer = server.send(post(path, "application/x-www-form-urlencoded", large.as_bytes())).await;
        assert_eq!(answer.status(), 413, "{path}");
    }
    let charset = "application/x-www-form-urlencoded;charset=UTF-8";
    let answer = server.send(post("/token", charset, b"grant_type=%ff%fe&client_id=%00")).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn an_endpoint_has_the_methods_that_it_has() {
    let server = Server::start().await;
    for (method, path) in [
        ("GET", "/token"),
        ("PUT", "/token"),
        ("GET", "/introspect"),
        ("DELETE", "/revoke"),
        ("GET", "/revoke"),
        ("GET", "/device_authorization"),
        ("POST", "/metrics"),
        ("PUT", "/authorize"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Vec::new()).expect("a request");
        assert_eq!(server.send(request).await.status(), 405, "{method} {path}");
    }
    let nowhere = Request::get("/nowhere").body(Vec::new()).expect("a request");
    let answer = server.send(nowhere).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-frame-options")), (404, "DENY"));
}

#[tokio::test]
async fn an_empty_cookie_vouches_for_no_form() {
    let server = Server::start().await;
    // What is made of nothing, anybody can make.
    let csrf = "RhfzzFDaFdUy3Zj79-MJRJAblPzZ_HMsK7JUKBKqKTM";
    let fields = [("username", "ada"), ("password", super::server::PASSWORD), ("csrf", csrf)];
    let mut request = form("/login", &fields);
    request.headers_mut().insert("cookie", "__Host-login=".parse().expect("a header"));
    assert_eq!(server.send(request).await.status(), 403);
}

#[tokio::test]
async fn a_refresh_token_of_another_client_is_refused_and_stays() {
    let server = Server::start().await;
    let app = server.client("app");
    let tokens = server.tokens(&app, &["email"]).await;
    let refresh = tokens.refresh_token().expect("a refresh token");
    let stolen = server.client("web");
    let stolen = stolen.exchange_refresh_token(refresh).request_async(&server.http()).await;
    super::code::assert_refused(stolen, &oauth2::basic::BasicErrorResponseType::InvalidGrant);
    app.exchange_refresh_token(refresh).request_async(&server.http()).await.expect("tokens");
}

#[tokio::test]
async fn no_header_prevents_an_operation_or_gets_into_an_answer() {
    let server = Server::start().await;
    let fields = [
        ("client_id", "post"),
        ("client_secret", server.secret("post")),
        ("grant_type", "client_credentials"),
        ("scope", "email"),
    ];
    let mut request = form("/token", &fields);
    let long = "x".repeat(5000);
    for (name, value) in [("user-agent", b"\xff\xfe\t<script>".as_slice()), ("x-request-id", long.as_bytes())]
    {
        request.headers_mut().insert(name, oauth2::http::HeaderValue::from_bytes(value).expect("a header"));
    }
    let answer = server.send(request).await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    let seen = server
        .database
        .column("SELECT length(request_id)::text FROM audit_logs WHERE event = 'access_token.issue'");
    assert_eq!(seen.await, ["255"]);
}

#[tokio::test]
async fn nobody_is_granted_openid_without_an_id_token() {
    let server = Server::start().await;
    server.database.execute("UPDATE clients SET allowed_scopes = '{openid,email}'").await;
    let mut browser = Browser::signed_in(&server).await;
    let answer = parameters(&browser.get(&authorize(&[("scope", Some("openid email"))])).await);
    assert_eq!(answer["error"], "invalid_scope");
    let fields = [("client_id", "app"), ("scope", "openid")];
    assert_eq!(json(&server.post("/device_authorization", &fields).await)["error"], "invalid_scope");
}

#[tokio::test]
async fn nobody_says_where_they_come_from() {
    let server = Server::start().await;
    let mut request = form("/device_authorization", &[("client_id", "app"), ("scope", "email")]);
    request.headers_mut().insert("x-forwarded-for", "198.51.100.1".parse().expect("a header"));
    assert_eq!(server.send(request).await.status(), 200);
    let seen = server.database.column("SELECT host(ip_address) FROM device_codes").await;
    assert_eq!(seen, [super::http::PERSON]);
}
