mod credentials;
mod rows;

use serde_json::{Value, json};

use super::case::OnDelete::Restrict;
use super::case::{About, Table, about};
use super::fixtures::{OTHER_ID, USER};
use super::shapes::{
    one_line, plain_list, printable_list, revocation_epoch, scope_list, text, uri_list, web_uri,
};

pub(super) fn table() -> Table {
    Table::new("clients", rows::public())
        .row("full", rows::full())
        .row("signing", rows::signing())
        .row("mutual_tls", rows::mutual_tls())
        .row("machine", rows::machine())
        .another(json!({ "id": OTHER_ID, "client_id": "other" }))
        .foreign_keys([("fk_clients_owner_id", Restrict)])
        .cases(identity())
        .cases(credentials::authentication())
        .cases(credentials::keys())
        .cases(grants())
        .cases(lists())
        .cases(lifetimes())
        .cases([revocation_epoch("ck_clients_revocation_epoch")])
        .cases(enums())
}

fn identity() -> Vec<About> {
    vec![
        about("ck_clients_client_id")
            .refuses("client_id", ["", "a b", "a\n", "\na", "é", "\u{7f}", "\t"])
            .refuses("client_id", ["x".repeat(256)])
            .accepts("client_id", ["!", "~", "https://client.example/id"])
            .accepts("client_id", ["x".repeat(255)]),
        about("uq_clients_client_id")
            .refuses_beside(json!({ "client_id": "app" }), json!({ "client_id": "app" }))
            .accepts_beside(json!({ "client_id": "app" }), json!({ "client_id": "App" })),
        one_line("ck_clients_name", "name", 200),
        text("ck_clients_description", "description", 2000),
        web_uri("ck_clients_logo_uri", "logo_uri", &["http", "https"]),
        web_uri("ck_clients_client_uri", "client_uri", &["http", "https"]),
        web_uri("ck_clients_policy_uri", "policy_uri", &["http", "https"]),
        web_uri("ck_clients_tos_uri", "tos_uri", &["http", "https"]),
        printable_list("ck_clients_contacts", "contacts"),
        about("idx_clients_owner_id")
            .holds(json!({ "owner_id": USER }))
            .leaves_out(json!({ "owner_id": null })),
    ]
}

fn grants() -> Vec<About> {
    vec![
        plain_list("ck_clients_grant_types", "grant_types", &json!("authorization_code"), 100)
            .refuses_row(json!({ "grant_types": [], "response_types": [] }))
            .accepts(
                "grant_types",
                [
                    json!(["authorization_code"]),
                    json!([
                        "authorization_code",
                        "refresh_token",
                        "urn:ietf:params:oauth:grant-type:device_code",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                    ]),
                ],
            ),
        plain_list("ck_clients_response_types", "response_types", &json!("code"), 100)
            .accepts(
                "response_types",
                [json!([]), json!(["code"]), json!(["code", "id_token", "code id_token"])],
            )
            // What a list of nulls holds is for `ck_clients_code` to say first.
            .alone(),
        about("ck_clients_code")
            .refuses("response_types", [json!([]), json!(["id_token"])])
            .accepts("response_types", [json!(["code"]), json!(["code id_token"])])
            .accepts(
                "response_types",
                [json!(["id_token", "code"]), json!(["id_token", "code id_token", "code"])],
            )
            .refuses("grant_types", [json!(["refresh_token"])])
            .refuses("grant_types", [json!(["urn:ietf:params:oauth:grant-type:device_code"])])
            .accepts("grant_types", [json!(["refresh_token", "authorization_code"])])
            .accepts_row(json!({ "grant_types": ["refresh_token"], "response_types": [] }))
            .accepts_row(json!({ "grant_types": ["refresh_token"], "response_types": ["id_token"] }))
            .on("machine")
            .refuses("response_types", [json!(["code"]), json!(["code id_token"])])
            .refuses("response_types", [json!(["id_token", "code"])])
            .accepts("response_types", [json!([]), json!(["id_token"])]),
        about("ck_clients_client_credentials")
            .refuses_row(json!({ "grant_types": ["client_credentials"], "response_types": [] }))
            .refuses("grant_types", [json!(["authorization_code", "client_credentials"])])
            .on("full")
            .accepts("grant_types", [json!(["authorization_code", "client_credentials"])]),
        about("ck_clients_redirect_uris_present")
            .refuses("redirect_uris", [json!([])])
            .refuses_row(
                json!({ "redirect_uris": [], "grant_types": ["refresh_token", "authorization_code"] }),
            )
            .accepts_row(json!({
                "redirect_uris": [],
                "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
                "response_types": [],
            }))
            .on("machine")
            .refuses_row(json!({
                "grant_types": ["client_credentials", "authorization_code"],
                "response_types": ["code"],
            }))
            .accepts("redirect_uris", [json!([])]),
        about("ck_clients_public_requires_pkce")
            .refuses("require_pkce", [false])
            .accepts("require_pkce", [true])
            .on("full")
            .accepts("require_pkce", [false, true]),
    ]
}

fn lists() -> Vec<About> {
    vec![
        // A machine needs none, so an empty list is right as well.
        uri_list("ck_clients_redirect_uris", "redirect_uris").moved_to("machine"),
        uri_list("ck_clients_post_logout_redirect_uris", "post_logout_redirect_uris"),
        scope_list("ck_clients_allowed_scopes", "allowed_scopes"),
    ]
}

fn lifetimes() -> Vec<About> {
    let bounded = |name, column, longest: i32| {
        about(name)
            .refuses(column, [0, -1, longest + 1, i32::MAX])
            .accepts(column, [1, longest])
            .accepts(column, [Value::Null])
    };
    let positive = |name, column| {
        about(name).refuses(column, [0, -1]).accepts(column, [1, i32::MAX]).accepts(column, [Value::Null])
    };
    vec![
        bounded("ck_clients_authorization_code_ttl", "authorization_code_ttl", 600),
        bounded("ck_clients_access_token_ttl", "access_token_ttl", 86400),
        bounded("ck_clients_device_code_ttl", "device_code_ttl", 3600),
        positive("ck_clients_refresh_token_ttl", "refresh_token_ttl"),
        positive("ck_clients_refresh_token_absolute_ttl", "refresh_token_absolute_ttl"),
        about("ck_clients_refresh_token_ttls")
            .refuses_row(json!({ "refresh_token_ttl": 2, "refresh_token_absolute_ttl": 1 }))
            .refuses_row(json!({ "refresh_token_ttl": i32::MAX, "refresh_token_absolute_ttl": 86400 }))
            .accepts_row(json!({ "refresh_token_ttl": 86400, "refresh_token_absolute_ttl": 86400 }))
            .accepts_row(json!({ "refresh_token_ttl": 1, "refresh_token_absolute_ttl": i32::MAX }))
            .accepts_row(json!({ "refresh_token_ttl": i32::MAX, "refresh_token_absolute_ttl": null }))
            .accepts_row(json!({ "refresh_token_ttl": null, "refresh_token_absolute_ttl": 1 })),
    ]
}

fn enums() -> Vec<About> {
    let grant_types = ["password", "implicit", "AUTHORIZATION_CODE"].map(|label| json!([label]));
    let response_types =
        ["token", "id_token token", "code token", "id_token code"].map(|label| json!([label]));
    vec![
        about("grant_type").refuses("grant_types", grant_types),
        about("response_type").refuses("response_types", response_types),
        about("token_endpoint_auth_method").refuses("token_endpoint_auth_method", ["client_secret_jwt"]),
        about("client_type").refuses("client_type", ["credentialed"]),
    ]
}
