//! Cases about conditions that several tables have.

use serde_json::{Value, json};

use super::case::{About, about};
use super::fixtures::{octets, thumbprint};

/// The 32 octets of a SHA-256 digest.
pub(super) fn sha256(name: &'static str, column: &str) -> About {
    // 64 octets are what hexadecimal digits stored as text come to.
    about(name).refuses(column, [0, 31, 33, 64].map(octets)).accepts(column, [octets(32)])
}

/// A SHA-256 thumbprint in base64url.
pub(super) fn base64url_thumbprint(name: &'static str, column: &str) -> About {
    let forty_two = "a".repeat(42);
    let wrong = ["", "+", "/", "=", ".", " ", "\n", "é", "aa", "a\n"].map(|end| format!("{forty_two}{end}"));
    about(name)
        .refuses(column, wrong)
        .refuses(column, [String::new(), format!("\n{forty_two}a")])
        .accepts(column, ["a", "Z", "0", "9", "-", "_"].map(|end| format!("{forty_two}{end}")))
        .accepts(column, [thumbprint()])
}

/// A text of 1 to `max` characters.
pub(super) fn text(name: &'static str, column: &str, max: usize) -> About {
    about(name)
        .refuses(column, [String::new(), "x".repeat(max + 1), "é".repeat(max + 1)])
        .accepts(column, ["x".to_owned(), "x".repeat(max), "é".repeat(max)])
}

/// An address of a page.
pub(super) fn web_uri(name: &'static str, column: &str, schemes: &[&str]) -> About {
    let longest = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
    let wrong = [
        "",
        "https://",
        "https:/a.example",
        "a.example",
        "//a.example",
        "ftp://a.example",
        "httpss://a.example",
        "javascript://a.example",
        "javascript:alert(1)//https://a.example",
        " https://a.example",
        "https://a.example/ b",
        "https://a.example\n",
        "https://a.example/\tb",
    ];
    let right = schemes.iter().map(|scheme| format!("{scheme}://a.example/b?c=d#e"));
    about(name)
        .refuses(column, wrong)
        .refuses(column, [longest(2049)])
        .accepts(column, right)
        .accepts(column, [longest(2048)])
        .accepts(column, [Value::Null])
}

/// A list of scope tokens (RFC 6749 §3.3).
pub(super) fn scope_list(name: &'static str, column: &str) -> About {
    let wrong = ["a\"b", "a\\b", "a\tb", "a\n", "\u{7f}", "é", "a b", " ", " a", "a "];
    list(name, column, "openid")
        .refuses(column, wrong.map(|token| json!([token])))
        .refuses(column, wrong.map(|token| json!(["openid", token, "profile"])))
        .accepts(column, [json!(["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "AZaz09"])])
        .accepts(column, [json!(["https://api.example/read:all"])])
}

/// Schemes with characters from both ends and the middle of each range (RFC 3986 §3.1).
pub(super) const SCHEMES: [&str; 6] = ["a", "m", "zAMZamz059", "A+", "M-", "Z."];

/// A list of absolute URIs without a fragment.
pub(super) fn uri_list(name: &'static str, column: &str) -> About {
    let wrong = [
        "https://a.example/#",
        "https://a.example/#b",
        "https://a.example/ b",
        " https://a.example",
        "https://a.example\n",
        "https://a.example\t",
        "a.example",
        "/callback",
        "//a.example",
        "https:",
        ":a",
        "1a:b",
        "+a:b",
        "a_b:c",
        "é:a",
        "#",
    ];
    list(name, column, "https://a.example/callback")
        .refuses(column, wrong.map(|uri| json!([uri])))
        .refuses(column, wrong.map(|uri| json!(["https://a.example", uri, "https://b.example"])))
        .accepts(column, [json!(["com.example.app:/callback"]), json!(["urn:a:b"])])
        .accepts(column, SCHEMES.map(|scheme| json!([format!("{scheme}:b")])))
        .accepts(column, [json!(["http://127.0.0.1:8080/callback?a=b", "http://[::1]/"])])
}

/// A list that survives being joined with spaces and split again.
fn list(name: &'static str, column: &str, element: &str) -> About {
    about(name)
        .refuses(column, [json!([null]), json!([element, null]), json!([null, element])])
        .refuses(column, [json!([""]), json!([element, ""]), json!(["", element])])
        // More than one dimension, and a first element that is not number one.
        .refuses(column, [json!([[element], [element]]), json!(format!("[2:2]={{{element}}}"))])
        .accepts(column, [json!([]), json!([element])])
}

/// A JSON object.
pub(super) fn json_object(name: &'static str, table: &str, column: &str) -> About {
    about(name)
        .refuses(column, [json!([]), json!([{}]), json!("{}"), json!(1), json!(true)])
        .refuses_then(json!({}), format!("UPDATE {table} SET {column} = 'null'"))
        .accepts(column, [json!({}), json!({ "a": { "b": [null] } })])
}

/// A JSON array.
pub(super) fn json_array(name: &'static str, table: &str, column: &str) -> About {
    about(name)
        .refuses(column, [json!({}), json!("[]"), json!(1), json!(false)])
        .refuses_then(json!({}), format!("UPDATE {table} SET {column} = 'null'"))
        .accepts(column, [json!([]), json!([{ "type": "payment" }])])
}

/// Two columns of which both are set or neither is.
pub(super) fn together(name: &'static str, columns: [(&str, Value); 2]) -> About {
    let [first, second] = columns;
    about(name)
        .refuses_row(json!({ first.0: first.1, second.0: null }))
        .refuses_row(json!({ first.0: null, second.0: second.1 }))
        .accepts_row(json!({ first.0: first.1, second.0: second.1 }))
        .accepts_row(json!({ first.0: null, second.0: null }))
}
