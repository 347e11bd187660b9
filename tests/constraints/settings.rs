use serde_json::{Value, json};

use super::case::OnDelete::Restrict;
use super::case::{About, Table, about};
use super::fixtures::{NOON, USER};
use super::shapes::text;

pub(super) fn table() -> Table {
    Table::new("settings", minimal())
        .row("full", full())
        .another(json!({ "key": "sessions.other" }))
        .foreign_keys([("fk_settings_updated_by", Restrict)])
        .cases(cases())
        .cases(["boolean", "integer", "string", "string_list", "object"].map(values_of))
}

fn minimal() -> Value {
    json!({
        "key": "tokens.access_token_ttl",
        "value": 3600,
        "value_type": "integer",
        "category": "tokens",
        "description": "Seconds",
    })
}

fn full() -> Value {
    let mut row = minimal();
    row["updated_at"] = json!(NOON);
    row["updated_by"] = json!(USER);
    row
}

fn cases() -> Vec<About> {
    let wrong = [
        "", ".", "a.", ".a", "a..b", "A", "a.B", "aB", "a.bC", "1a", "a.1b", "_a", "a._b", "a-b", "a b", "é",
        "a\n", "\na",
    ];
    vec![
        about("ck_settings_key")
            .refuses("key", wrong)
            .refuses("key", ["x".repeat(101)])
            .accepts("key", ["a", "a.b", "tokens.access_token_ttl", "z_059amz.a_059amz.m"])
            .accepts("key", ["x".repeat(100)]),
        text("ck_settings_description", "description", 2000),
        about("setting_category").refuses("category", ["other", "Tokens"]),
        about("setting_type").refuses("value_type", ["number", "null", "array"]),
    ]
}

/// The largest number of 18 digits.
const LARGEST: i64 = 999_999_999_999_999_999;

/// Every kind of value in a setting of this type.
fn values_of(value_type: &str) -> About {
    let values = [
        ("boolean", vec![json!(true), json!(false)]),
        ("integer", vec![json!(0), json!(-1), json!(3600), json!(LARGEST), json!(-LARGEST)]),
        ("large number", vec![json!(LARGEST + 1), json!(-LARGEST - 1), json!(i64::MAX), json!(i64::MIN)]),
        ("number", vec![json!(1.5), json!(-0.25)]),
        ("string", vec![json!(""), json!("1"), json!("true"), json!("null"), json!("[]")]),
        ("string_list", vec![json!(["a"]), json!(["a", "", "1"])]),
        (
            "list",
            vec![json!([1]), json!([true]), json!([null]), json!([{}]), json!([["a"]]), json!(["a", 1])],
        ),
        ("object", vec![json!({}), json!({ "a": [1] })]),
    ];
    let of_its_type = json!({ "value_type": value_type, "value": values_for(value_type, &values)[0] });
    let mut cases = about("ck_settings_value")
        // Whatever its type, a setting may be unset.
        .accepts_then(of_its_type, "UPDATE settings SET value = 'null'");
    for (kind, values) in &values {
        let changes = values.iter().map(|value| json!({ "value_type": value_type, "value": value }));
        let expected = *kind == value_type;
        cases =
            changes.fold(
                cases,
                |cases, change| {
                    if expected { cases.accepts_row(change) } else { cases.refuses_row(change) }
                },
            );
    }
    if value_type == "string_list" {
        cases.accepts_row(json!({ "value_type": value_type, "value": [] }))
    } else {
        cases
    }
}

fn values_for<'a>(value_type: &str, values: &'a [(&str, Vec<Value>)]) -> &'a [Value] {
    values
        .iter()
        .find(|(kind, _)| *kind == value_type)
        .map(|(_, values)| &values[..])
        .expect("values of the type")
}
