//! Cases about conditions that several tables have.

use serde_json::{Value, json};

use super::case::{About, about};
use super::fixtures::{octets, thumbprint};

/// The 32 octets of a SHA-256 digest.
pub(super) fn sha256(name: &str, column: &str) -> About {
    // 64 octets are what hexadecimal digits stored as text come to.
    about(name)
        .refuses(column, [0, 31, 33, 64].map(octets))
        .accepts(column, [octets(32), json!(format!("\\x{}", "7c".repeat(32)))])
}

/// A SHA-256 thumbprint in base64url.
pub(super) fn base64url_thumbprint(name: &str, column: &str) -> About {
    let forty_two = "a".repeat(42);
    let wrong = ["", "+", "/", "=", ".", " ", "\n", "é", "aa", "a\n"].map(|end| format!("{forty_two}{end}"));
    about(name)
        .refuses(column, wrong)
        .refuses(column, [String::new(), format!("\n{forty_two}a")])
        .accepts(column, ["a", "Z", "0", "9", "-", "_"].map(|end| format!("{forty_two}{end}")))
        .accepts(column, [thumbprint()])
}

/// A text of 1 to `max` characters, on any number of lines.
pub(super) fn text(name: &str, column: &str, max: usize) -> About {
    sized_text(name, column, max).accepts(column, ["a\nb", "a\tb\r\n"])
}

/// A text of 1 to `max` characters on one line.
pub(super) fn one_line(name: &str, column: &str, max: usize) -> About {
    sized_text(name, column, max)
        .refuses(column, ["\n", "a\nb", "a\n", "\na", "a\r", "a\tb", "a\u{1}", "\u{1b}[2J", "a\u{7f}b"])
        .accepts(column, [" ", "~", "O’Brien <o@client.example> & 李, “Ömer”", "CN=a, O=\"b\\c\""])
}

fn sized_text(name: &str, column: &str, max: usize) -> About {
    about(name)
        .refuses(column, [String::new(), "x".repeat(max + 1), "é".repeat(max + 1)])
        .accepts(column, ["x".to_owned(), "x".repeat(max), "é".repeat(max)])
}

/// An address of a page.
pub(super) fn web_uri(name: &str, column: &str, schemes: &[&str]) -> About {
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
        "https://a.example/\u{1}",
        "https://ä.example",
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
pub(super) fn scope_list(name: &str, column: &str) -> About {
    let wrong = ["a\"b", "a\\b", "a\tb", "a\n", "\u{7f}", "é", "a b", " ", " a", "a "];
    list(name, column, "openid", LONGEST_LIST)
        .refuses(column, wrong.map(|token| json!([token])))
        .refuses(column, wrong.map(|token| json!(["openid", token, "profile"])))
        .accepts(column, [json!(["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "AZaz09"])])
        .accepts(column, [json!(["https://api.example/read:all"])])
}

/// What is no absolute URI, or one with a fragment.
pub(super) const NO_URIS: [&str; 26] = [
    "https://a.example/#",
    "https://a.example/#b",
    "https://a.example/ b",
    " https://a.example",
    "https://a.example ",
    "https://a.example\n",
    "\nhttps://a.example",
    "https://a.example\t",
    "https://a.example/\u{1}",
    "https://a.example/\u{7f}",
    "https://a.example/\u{a0}",
    "https://a.example/\u{202e}b",
    "https://bücher.example/",
    "https://a.example/é",
    "a.example",
    "/callback",
    "//a.example",
    "https:",
    ":a",
    ":",
    "1a:b",
    "+a:b",
    "a_b:c",
    "é:a",
    "java\nscript:a",
    "#",
];

/// What a browser would run. The comma, the quotes and the braces would be quoted in an array.
pub(super) const SCRIPTS: [&str; 13] = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "javascript:alert(1,2)",
    "javascript:alert(\"a\")",
    "javascript:{}",
    "javascript://a.example/%0Aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:,a",
    "DATA:text/html;base64,PHNjcmlwdD4=",
    "Data:a",
    "vbscript:a",
    "VBScript:MsgBox(\"a\")",
];

/// What only looks like it.
pub(super) const NO_SCRIPTS: [&str; 12] = [
    "javascripts:a",
    "x-javascript:a",
    "javascript-a:b",
    "metadata:a",
    "data.a:b",
    "data+a:b",
    "avbscript:a",
    "https://a.example/javascript:b",
    "https://a.example/?a=data:b",
    "https://a.example/a,data:b",
    "https://a.example/{javascript:b",
    "https://a.example/\"vbscript:b",
];

/// Absolute URIs, with each character that they may have.
pub(super) fn uris() -> Vec<String> {
    let printable: String = ('!'..='~').filter(|character| *character != '#').collect();
    let further =
        ["urn:a:b", "com.example.app:/callback", "http://127.0.0.1:8080/callback?a=b", "http://[::1]/"];
    let schemes = SCHEMES.map(|scheme| format!("{scheme}:b"));
    further.map(str::to_owned).into_iter().chain(schemes).chain([format!("https:{printable}")]).collect()
}

/// Schemes with characters from both ends and the middle of each range (RFC 3986 §3.1).
const SCHEMES: [&str; 6] = ["a", "m", "zAMZamz059", "A+", "M-", "Z."];

/// A list of absolute URIs without a fragment.
pub(super) fn uri_list(name: &str, column: &str) -> About {
    let wrong = || NO_URIS.into_iter().chain(SCRIPTS);
    list(name, column, "https://a.example/callback", LONGEST_LIST)
        .refuses(column, wrong().map(|uri| json!([uri])))
        .refuses(column, wrong().map(|uri| json!(["https://a.example", uri, "https://b.example"])))
        .refuses(column, SCRIPTS.map(|uri| json!(["https://a.example/a,b", uri])))
        .accepts(column, uris().iter().map(|uri| json!([uri])))
        .accepts(column, NO_SCRIPTS.map(|uri| json!([uri])))
        .accepts(column, NO_SCRIPTS.map(|uri| json!(["https://a.example/a,b", uri, "https://b.example"])))
        .accepts(column, [json!(uris()), json!(NO_SCRIPTS)])
}

/// A list of texts of printable ASCII without spaces.
pub(super) fn printable_list(name: &str, column: &str) -> About {
    let wrong = ["a b", " ", " a", "a ", "a\tb", "a\n", "\na", "a\u{1}", "\u{7f}", "é", "a\u{a0}"];
    list(name, column, "ops@client.example", LONGEST_LIST)
        .refuses(column, wrong.map(|text| json!([text])))
        .refuses(column, wrong.map(|text| json!(["a", text, "b"])))
        .accepts(
            column,
            [json!(["!", "~", "a,b", "\"{}\\\"", "tel:+1-201-555-0123", "https://a.example/#b"])],
        )
}

/// The most elements of a list that has no limit of its own.
const LONGEST_LIST: usize = 100;

/// A list of at most so many texts that survives being joined with spaces and split again.
pub(super) fn list(name: &str, column: &str, element: &str, longest: usize) -> About {
    plain_list(name, column, &json!(element), longest)
        .refuses(column, [json!([""]), json!([element, ""]), json!(["", element]), json!(["", ""])])
        .refuses(column, [json!([format!("{element} {element}")]), json!([element, " "])])
        .accepts(column, [json!([])])
}

/// A list of at most so many elements: one dimension, counted from 1, without nulls.
pub(super) fn plain_list(name: &str, column: &str, element: &Value, longest: usize) -> About {
    let text = element.as_str().expect("an element that PostgreSQL reads from a text").replace('\\', "\\\\");
    let from = |first: i32| json!(format!("[{first}:{}]={{\"{text}\",\"{text}\"}}", first + 1));
    about(name)
        .refuses(column, [json!([null]), json!([element, null]), json!([null, element])])
        .refuses(column, [json!([[element], [element]]), json!([[element, element]]), json!([[[element]]])])
        .refuses(column, [-1, 0, 2].map(from))
        .refuses(column, [longest + 1, 10 * longest].map(|count| json!(vec![element; count])))
        .accepts(column, [1, 2, longest].map(|count| json!(vec![element; count])))
        .accepts(column, [from(1)])
}

/// A JSON object.
pub(super) fn json_object(name: &str, table: &str, column: &str) -> About {
    about(name)
        .refuses(column, [json!([]), json!([{}]), json!("{}"), json!(1), json!(true)])
        .refuses_then(json!({}), format!("UPDATE {table} SET {column} = 'null'"))
        .accepts(column, [json!({}), json!({ "a": { "b": [null] } })])
}

/// RFC 9396 §2: an array of objects, each with a type.
pub(super) fn authorization_details(name: &str, table: &str, column: &str) -> About {
    let wrong = [
        json!("payment"),
        json!(1),
        json!(null),
        json!([]),
        json!([{ "type": "payment" }]),
        json!({}),
        json!({ "types": "payment" }),
        json!({ "Type": "payment" }),
        json!({ "a": { "type": "payment" } }),
        json!({ "type": null }),
        json!({ "type": 1 }),
        json!({ "type": true }),
        json!({ "type": {} }),
        json!({ "type": { "type": "payment" } }),
        json!({ "type": [] }),
        json!({ "type": ["payment"] }),
    ];
    let right = json!({ "type": "payment", "actions": ["read"], "amount": { "type": 1 } });
    about(name)
        .refuses(column, [json!({}), json!({ "type": "payment" }), json!("[]"), json!(1), json!(false)])
        .refuses_then(json!({}), format!("UPDATE {table} SET {column} = 'null'"))
        .refuses(column, wrong.clone().map(|detail| json!([detail])))
        .refuses(column, wrong.clone().map(|detail| json!([right, detail])))
        .refuses(column, wrong.map(|detail| json!([detail, right])))
        .accepts(column, [json!([]), json!([{ "type": "payment" }]), json!([right, right])])
        .accepts(column, [Value::Null])
}

/// A number that is counted up from 0.
pub(super) fn revocation_epoch(name: &str) -> About {
    about(name).refuses("revocation_epoch", [-1, i32::MIN]).accepts("revocation_epoch", [0, 1, i32::MAX])
}

/// Two columns of which both are set or neither is.
pub(super) fn together(name: &str, columns: [(&str, Value); 2]) -> About {
    let [first, second] = columns;
    about(name)
        .refuses_row(json!({ first.0: first.1, second.0: null }))
        .refuses_row(json!({ first.0: null, second.0: second.1 }))
        .accepts_row(json!({ first.0: first.1, second.0: second.1 }))
        .accepts_row(json!({ first.0: null, second.0: null }))
}
