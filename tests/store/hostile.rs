//! Whatever a client, a visitor or somebody else's server sends, an operation answers: with success or with a refusal,
//! and never with a fault of the database.

use authority_entity::sea_orm_active_enums::{ClientType, TokenEndpointAuthMethod};
use authority_store::{
    Actor, Audit, AuditFilter, ClientId, ClientMetadata, CreateClient, CreateSession, CreateUser, DeviceCode,
    EventFilter, Exchange, ExchangeDeviceCode, IssueAccessToken, IssueCode, IssueDeviceCode, NewAccessToken,
    Reauthenticate, ResourceRef, Rotate, SessionToken, UserCode, UserId,
};
use macro_rules_attribute::apply;
use rand::RngExt;
use serde_json::{Value, json};

use super::with::kept;
use super::world::World;

const GRANTS: &str = "UPDATE clients SET grant_types = '{authorization_code,refresh_token,\
    urn:ietf:params:oauth:grant-type:device_code,urn:ietf:params:oauth:grant-type:token-exchange}'";

/// What has been trouble for somebody, and some that is made up.
fn texts(world: &mut World) -> Vec<String> {
    let mut all: Vec<_> = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{1}\u{7f}\u{85}",
        "\r\n",
        "\\u0000",
        "'; DROP TABLE users; --",
        "{}",
        "{\"a\",NULL}",
        "NULL",
        "%_\\",
        "\u{feff}\u{202e}\u{2028}🦀\u{10ffff}",
        "ﬁ\u{130}ß",
        "#",
        "a:b",
        "a:b#c",
        "https://a.example/",
        "https://a.example/ b",
        "JavaScript:alert(1)",
        "a@b",
    ]
    .map(str::to_owned)
    .into();
    all.extend([256, 2049, 100_000].map(|length| "x".repeat(length)));
    all.push(format!("https://a.example/{}", "%20".repeat(30_000)));
    for _ in 0..12 {
        let length = world.random.random_range(1..40);
        all.push((0..length).map(|_| char::from(world.random.random_range(0..=255_u8))).collect());
    }
    all
}

/// Documents that hold a text, in every place that has a meaning and at some depth.
fn documents(text: &str, depth: usize) -> [Value; 6] {
    let nested =
        (0..depth).fold(
            json!(text),
            |inner, level| {
                if level % 2 == 0 { json!([inner]) } else { json!({"type": inner}) }
            },
        );
    [
        json!(text),
        json!({"sub": text, "act": nested, text: text}),
        json!([{"type": text, "more": nested}]),
        json!([text, null, 1e300, -0.0, u64::MAX]),
        json!({"keys": [{"kty": text}]}),
        nested,
    ]
}

#[apply(both_ways)]
async fn whatever_is_sent_an_operation_of_tokens_answers() {
    let mut world = World::new().await;
    world.sql(GRANTS).await;
    for text in texts(&mut world) {
        let (code, family) = (world.code().await, world.family("openid").await);
        let text: &'static String = kept(text);
        let lists: [&'static [String]; 3] = [
            std::slice::from_ref(text),
            kept(vec!["https://a.example/".to_owned(), text.clone()]),
            kept(vec![text.clone(); if text.len() < 300 { 101 } else { 2 }]),
        ];
        world.issue_with(|r| IssueCode { redirect_uri: Some(text), ..r }).await.0.ok();
        world.issue_with(|r| IssueCode { nonce: Some(text), ..r }).await.0.ok();
        world.issue_with(|r| IssueCode { acr: Some(text), ..r }).await.0.ok();
        for list in lists {
            world.issue_with(|r| IssueCode { resources: list, ..r }).await.0.ok();
            world.issue_with(|r| IssueCode { amr: list, ..r }).await.0.ok();
            world.grant_with(|r| IssueAccessToken { resources: list, ..r }).await.0.ok();
            world.grant_with(|r| IssueAccessToken { audience: list, ..r }).await.0.ok();
            let unused = world.code().await;
            world.exchange_with(&unused, |r| Exchange { audience: list, ..r }).await.0.ok();
            let unused = world.code().await;
            world.exchange_with(&unused, |r| Exchange { resources: Some(list), ..r }).await.0.ok();
            world
                .exchange_with(&code, |r| Exchange { redirect_uri: Some(text), resources: Some(list), ..r })
                .await
                .0
                .ok();
            world
                .rotate_with(&family, |r| Rotate { audience: list, resources: Some(list), ..r })
                .await
                .0
                .ok();
            device(&mut world, text, list).await;
        }
        // What is larger is told by its size alone.
        for depth in if text.len() < 3000 { &[2, 120][..] } else { &[2] } {
            for document in documents(text, *depth) {
                let document: &'static Value = kept(document);
                world.issue_with(|r| IssueCode { authorization_details: Some(document), ..r }).await.0.ok();
                world.issue_with(|r| IssueCode { requested_claims: Some(document), ..r }).await.0.ok();
                world
                    .grant_with(|r| IssueAccessToken { authorization_details: Some(document), ..r })
                    .await
                    .0
                    .ok();
                world.grant_with(|r| IssueAccessToken { actor: Some(document), ..r }).await.0.ok();
            }
        }
    }
}

/// A device asks, is approved and polls.
async fn device(world: &mut World, text: &str, list: &[String]) {
    let (device_code, user_code) =
        (DeviceCode::generate(world.now, &mut world.random), UserCode::generate(&mut world.random));
    let scopes = "openid".parse().expect("a scope");
    let audit = Audit::new(world.now, &mut world.random).user_agent(text).request_id(text).detail(text, text);
    let request = IssueDeviceCode {
        device_code: &device_code,
        user_code,
        client: world.client,
        scopes: &scopes,
        resources: list,
        interval: 0,
        ip_address: None,
        user_agent: Some(text),
        audit: Some(&audit),
    };
    world.store.issue_device_code(&request, world.now).await.expect("a database").ok();
    let resources: [&[String]; 2] = [&[], list];
    for resources in resources {
        let (access, _) = world.new_tokens();
        let request = ExchangeDeviceCode {
            device_code: &device_code,
            client: world.client,
            sender: None,
            resources: Some(resources),
            access_token: NewAccessToken::Opaque(&access),
            audience: list,
            refresh_token: None,
            audit: None,
        };
        let poll = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
        poll.expect("a database").ok();
        world.sql(&format!(
            "UPDATE device_codes SET status = 'approved', user_id = '{}', session_id = '{}', answered_at = issued_at
             WHERE id = '{}' AND status = 'pending'",
            world.user, world.session, device_code.id()
        ))
        .await;
    }
}

#[apply(both_ways)]
async fn whatever_is_typed_an_operation_of_people_and_clients_answers() {
    let mut world = World::new().await;
    for text in texts(&mut world) {
        let list = [text.clone()];
        person(&mut world, &text, &list).await;
        client(&mut world, &text, &list).await;
        let resource = ResourceRef { kind: &text, id: &text };
        let filters = [
            AuditFilter { event: Some(EventFilter::Is(&text)), ..AuditFilter::default() },
            AuditFilter { event: Some(EventFilter::BeginsWith(&text)), ..AuditFilter::default() },
            AuditFilter { resource: Some(resource), ..AuditFilter::default() },
        ];
        for filter in filters {
            let page = world.store.page_audit_events(&filter, None, 1).await.expect("a database");
            assert!(page.events.is_empty() || !text.contains('\0'), "{text:?} finds something");
        }
    }
}

async fn person(world: &mut World, text: &str, list: &[String]) {
    let id = UserId::new(world.now, &mut world.random);
    let none = json!({});
    let good = CreateUser {
        id,
        username: &id.to_string(),
        email: &format!("{id}@example.com"),
        email_verified: false,
        password_hash: None,
        must_change_password: false,
        given_name: None,
        family_name: None,
        claims: &none,
        role: authority_entity::sea_orm_active_enums::UserRole::User,
        actor: Actor::System,
        audit: None,
    };
    let documents = documents(text, 64);
    let mut requests = vec![
        CreateUser { username: text, ..good.clone() },
        CreateUser { email: text, ..good.clone() },
        CreateUser { given_name: Some(text), ..good.clone() },
        CreateUser { family_name: Some(text), ..good.clone() },
    ];
    requests.extend(documents.iter().map(|claims| CreateUser { claims, ..good.clone() }));
    for request in requests {
        world.store.create_user(&request, world.now).await.expect("a database").ok();
    }
    world.store.find_user_for_login(text, world.now).await.expect("a database");
    world.store.verify_email(world.user, text, None, world.now).await.expect("a database").ok();

    let found = world.store.find_user_for_login("ada", world.now).await.expect("a database");
    let epoch = found.expect("ada is there").epoch;
    let cookie = SessionToken::generate(world.now, &mut world.random);
    let sid = cookie.id().to_string();
    let begin = CreateSession {
        token: &cookie,
        sid: &sid,
        user: world.user,
        epoch,
        auth_time: world.now,
        acr: None,
        amr: &[],
        address: None,
        user_agent: Some(text),
        device: Some(text),
        audit: None,
    };
    for request in [
        CreateSession { acr: Some(text), ..begin.clone() },
        CreateSession { amr: list, ..begin.clone() },
        begin,
    ] {
        world.store.create_session(&request, world.now).await.expect("a database").ok();
    }
    let successor = SessionToken::for_id(cookie.id(), &mut world.random);
    for (acr, amr) in [(Some(text), &[][..]), (None, list)] {
        let request = Reauthenticate {
            token: &cookie,
            successor: &successor,
            auth_time: world.now,
            acr,
            amr,
            audit: None,
        };
        let outcome = world.store.reauthenticate_session(&request, world.now, &mut world.random).await;
        outcome.expect("a database").ok();
    }
}

async fn client(world: &mut World, text: &str, list: &[String]) {
    let good = ClientMetadata {
        redirect_uris: vec!["https://a.example/".to_owned()],
        ..ClientMetadata::new("App", ClientType::Public, TokenEndpointAuthMethod::None)
    };
    let some = Some(text.to_owned());
    let mut all = vec![
        ClientMetadata { name: text.to_owned(), ..good.clone() },
        ClientMetadata { description: some.clone(), ..good.clone() },
        ClientMetadata { logo_uri: some.clone(), ..good.clone() },
        ClientMetadata { client_uri: some.clone(), ..good.clone() },
        ClientMetadata { policy_uri: some.clone(), ..good.clone() },
        ClientMetadata { tos_uri: some.clone(), ..good.clone() },
        ClientMetadata { jwks_uri: some.clone(), ..good.clone() },
        ClientMetadata { tls_client_auth_subject_dn: some, ..good.clone() },
        ClientMetadata { contacts: list.to_owned(), ..good.clone() },
        ClientMetadata { redirect_uris: list.to_owned(), ..good.clone() },
        ClientMetadata { post_logout_redirect_uris: list.to_owned(), ..good.clone() },
    ];
    all.extend(documents(text, 64).map(|jwks| ClientMetadata { jwks: Some(jwks), ..good.clone() }));
    for metadata in all {
        let id = ClientId::new(world.now, &mut world.random);
        let client_id = id.to_string().parse().expect("a client_id");
        let request = CreateClient {
            id,
            client_id: &client_id,
            secret: None,
            metadata: &metadata,
            actor: Actor::System,
            audit: None,
        };
        world.store.create_client(&request, world.now).await.expect("a database").ok();
    }
}
