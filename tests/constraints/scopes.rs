use serde_json::{Value, json};

use super::case::{About, Table, about};
use super::shapes::{one_line, scope_list, text};

pub(super) fn table() -> Table {
    Table::new("scopes", json!({ "name": "read", "display_name": "Read", "description": "Read everything" }))
        .row("system", system())
        .another(json!({ "name": "write" }))
        .cases(contents())
        .cases(system_scopes())
}

fn system() -> Value {
    json!({
        "name": "profile",
        "display_name": "Profile",
        "description": "Name and picture",
        "claims": ["name", "picture"],
        "is_default": true,
        "is_system": true,
        "requires_consent": false,
    })
}

fn contents() -> Vec<About> {
    let wrong = ["", " ", "a b", "a\"b", "a\\b", "a\tb", "a\n", "\na", "\u{7f}", "é"];
    vec![
        about("ck_scopes_name")
            .refuses("name", wrong)
            .refuses("name", ["x".repeat(129)])
            .accepts("name", ["!", "~", "#", "[", "]", "^", "api:read/all?b=c&d"])
            .accepts("name", ["x".repeat(128)]),
        one_line("ck_scopes_display_name", "display_name", 200),
        text("ck_scopes_description", "description", 2000),
        scope_list("ck_scopes_claims", "claims"),
    ]
}

fn system_scopes() -> Vec<About> {
    let replace =
        "INSERT INTO scopes (name, display_name, description) VALUES ('profile', 'P', 'P') ON CONFLICT (name)
                   DO UPDATE SET is_system = excluded.is_system";
    vec![
        about("tr_scopes_keep_system_on_delete")
            .on("system")
            .refuses_then(json!({}), "DELETE FROM scopes WHERE name = 'profile'")
            .refuses_then(json!({ "is_default": false, "claims": [] }), "DELETE FROM scopes")
            .on("minimal")
            .accepts_then(json!({}), "DELETE FROM scopes WHERE name = 'read'"),
        about("tr_scopes_keep_system_on_update")
            .on("system")
            .refuses_then(json!({}), "UPDATE scopes SET name = 'other'")
            .refuses_then(json!({}), "UPDATE scopes SET name = 'Profile'")
            .refuses_then(json!({}), "UPDATE scopes SET is_system = false")
            .refuses_then(json!({}), "UPDATE scopes SET name = 'other', is_system = false")
            .refuses_then(json!({}), replace)
            .accepts_then(json!({}), "UPDATE scopes SET name = name, is_system = true")
            .accepts_then(
                json!({}),
                "UPDATE scopes SET display_name = 'X', description = 'Y', claims = '{}', is_default = false,
                        requires_consent = true, created_at = now(), updated_at = now()",
            )
            .on("minimal")
            .accepts_then(json!({}), "UPDATE scopes SET name = 'other'")
            .accepts_then(json!({}), "UPDATE scopes SET is_system = true")
            .accepts_then(json!({}), "UPDATE scopes SET name = 'other', is_system = true"),
        // No row fires it, so it cannot know whether there is a system scope.
        about("tr_scopes_keep_system_on_truncate")
            .on("system")
            .refuses_then(json!({}), "TRUNCATE scopes")
            .refuses_then(json!({}), "TRUNCATE ONLY scopes RESTART IDENTITY CASCADE")
            .refuses_then(json!({}), "TRUNCATE settings, scopes")
            .accepts_then(json!({}), "TRUNCATE settings")
            .on("minimal")
            .refuses_then(json!({}), "TRUNCATE scopes")
            .accepts_then(json!({}), "DELETE FROM scopes"),
    ]
}
