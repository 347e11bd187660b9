use std::collections::BTreeMap;

use oauth2::http::Request;
use oauth2::url::Url;

use super::http::{Answer, form, header, text};
use super::server::{CALLBACK, ISSUER, PASSWORD, Server};

/// Keeps cookies, and fills in forms as they are shown.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    /// One in which ada is signed in.
    pub(crate) async fn signed_in(server: &'a Server) -> Self {
        let mut browser = Self::new(server);
        let answer = browser.sign_in("/login", PASSWORD).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"));
        browser
    }

    /// Another one that holds the same cookies, as somebody has who copied them.
    pub(crate) fn copied(&self) -> Self {
        Self { server: self.server, cookies: self.cookies.clone() }
    }

    /// What it holds of this name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Fills in the form of a login page.
    pub(crate) async fn sign_in(&mut self, path: &str, password: &str) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status(), 200, "{}", text(&page));
        let return_to = field(&page, "return_to");
        let fields = [("username", "Ada"), ("password", password), ("return_to", return_to.as_str())];
        self.submit("/login", &page, &fields).await
    }

    /// Goes where a client sends a person, answers, and gives the parameters with which the person is sent back.
    pub(crate) async fn decide(&mut self, url: &Url, decision: &str) -> BTreeMap<String, String> {
        assert_eq!(url.origin().ascii_serialization(), ISSUER);
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let page = self.get(&path).await;
        assert_eq!(page.status(), 200, "{}", text(&page));
        parameters(&self.submit(&path, &page, &[("decision", decision)]).await)
    }

    /// Posts a form with the token that a page has for it.
    pub(crate) async fn submit(&mut self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let csrf = field(page, "csrf");
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        self.post(path, &fields).await
    }

    /// Posts a form.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields)).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Vec::new()).expect("a request")).await
    }

    async fn send(&mut self, mut request: Request<Vec<u8>>) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert("cookie", cookies.join("; ").parse().expect("a header"));
        }
        let answer = self.server.send(request).await;
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a text");
            // What a browser asks of the prefix.
            assert!(
                cookie.starts_with("__Host-") && cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Secure")
            );
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            let value = rest.split(';').next().expect("a value");
            if cookie.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The parameters with which a person is sent back to a client.
pub(crate) fn parameters(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status(), 303, "{}", text(answer));
    let location = header(answer, "location");
    let query = location.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("{location} is elsewhere"));
    let url = Url::parse(location).expect("a URL");
    assert!(query.starts_with('&') && url.fragment().is_none(), "{location}");
    let parameters: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(parameters["iss"], ISSUER);
    parameters
}

/// What a field of a page holds.
pub(crate) fn field(page: &Answer, name: &str) -> String {
    let page = text(page);
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {page}"));
    let value = rest.split('"').next().expect("a value");
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
