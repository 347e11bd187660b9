use std::io;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use oauth2::http::{Request, Response};
use tokio::net::TcpStream;

/// For whom the proxy asks.
pub(crate) const PERSON: &str = "203.0.113.9";

/// An answer, read to its end.
pub(crate) type Answer = Response<Vec<u8>>;

/// Sends a request on a connection of its own, as the proxy does that speaks TLS in front of the server.
pub(crate) async fn send(address: SocketAddr, request: Request<Vec<u8>>) -> io::Result<Answer> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(HOST, "auth.example".parse().expect("a header"));
    let told = parts.headers.get("x-forwarded-for").map_or("", |told| told.to_str().expect("a text"));
    let told = if told.is_empty() { PERSON.to_owned() } else { format!("{told}, {PERSON}") };
    parts.headers.insert("x-forwarded-for", told.parse().expect("a header"));
    let path = parts.uri.path_and_query().expect("a path").as_str();
    parts.uri = path.parse().expect("a path");
    let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
    let (parts, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(parts, body.to_vec()))
}

/// A form that is posted.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Request<Vec<u8>> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    post(path, "application/x-www-form-urlencoded", body.as_bytes())
}

/// A body that is posted.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Request<Vec<u8>> {
    let request = Request::post(path).header(CONTENT_TYPE, content_type);
    request.body(body.to_vec()).expect("a request")
}

/// The body as text.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body().clone()).expect("UTF-8")
}

/// The body as JSON.
pub(crate) fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(answer.body()).unwrap_or_else(|error| panic!("{error}: {}", text(answer)))
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("a text"))
}
