use std::collections::HashSet;

use authority_entity::sea_orm_active_enums::{ClientType, GrantType, ResponseType, TokenEndpointAuthMethod};
use authority_store::{
    Actor, ClientId, ClientMetadata, ClientSecret, CreateClient, CreateClientRefusal, MetadataField, UserId,
};
use macro_rules_attribute::apply;
use serde_json::json;

use super::{confidential, identifier};
use crate::store::crowd::at_once;
use crate::store::world::World;

#[apply(both_ways)]
async fn everything_that_is_registered_is_found_again() {
    let mut world = World::new().await;
    let everything = ClientMetadata {
        name: "Web".to_owned(),
        description: Some("For the web".to_owned()),
        logo_uri: Some("https://a.example/logo".to_owned()),
        client_uri: Some("https://a.example/".to_owned()),
        policy_uri: Some("https://a.example/policy".to_owned()),
        tos_uri: Some("https://a.example/tos".to_owned()),
        contacts: vec!["ada@example.com".to_owned()],
        client_type: ClientType::Confidential,
        auth_method: TokenEndpointAuthMethod::TlsClientAuth,
        jwks: Some(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS"}]})),
        jwks_uri: None,
        tls_client_auth_subject_dn: Some("CN=web".to_owned()),
        redirect_uris: vec!["https://a.example/callback".to_owned(), "com.example.app:/callback".to_owned()],
        post_logout_redirect_uris: vec!["https://a.example/out".to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::DeviceCode, GrantType::ClientCredentials],
        response_types: vec![ResponseType::Code, ResponseType::CodeIdToken],
        allowed_scopes: "openid profile".parse().expect("scopes"),
        require_pkce: false,
        allow_plain_code_challenge: true,
        require_pushed_authorization_requests: true,
        dpop_bound_access_tokens: false,
        tls_client_certificate_bound_access_tokens: true,
        authorization_code_ttl: Some(61),
        access_token_ttl: Some(62),
        refresh_token_ttl: Some(63),
        refresh_token_absolute_ttl: Some(64),
        device_code_ttl: Some(65),
        owner: Some(world.user),
    };
    let (id, audit) = (ClientId::new(world.now, &mut world.random), world.event());
    let client_id = identifier("web");
    let request = CreateClient {
        id,
        client_id: &client_id,
        secret: None,
        metadata: &everything,
        actor: Actor::User(world.user),
        audit: Some(&audit),
    };
    for _ in 0..2 {
        assert_eq!(world.store.create_client(&request, world.now).await.expect("a database"), Ok(()));
    }
    assert_eq!(world.trail().await, ["client.create success created"]);
    let found = world.registered("web").await.expect("a client");
    assert_eq!((found.id, &found.client_id, &found.metadata), (id, &client_id, &everything));
    assert_eq!((found.disabled_at, found.previous_secret_expires_at), (None, None));
    assert_eq!((found.created_at, found.updated_at), (world.now, world.now));
    assert_eq!(world.registered("WEB").await, None, "a client_id is compared exactly");
}

#[apply(both_ways)]
async fn what_cannot_be_registered_is_refused_with_the_error_of_the_rfc() {
    let mut world = World::new().await;
    let secret = ClientSecret::generate(world.now, &mut world.random);
    let id = secret.id();
    let nobody = UserId::new(world.now, &mut world.random);
    let with = |change: fn(&mut ClientMetadata)| {
        let mut metadata = confidential();
        change(&mut metadata);
        metadata
    };
    let good = confidential();
    assert_eq!(
        world.register(id, "app", Some(&secret), &good).await,
        Err(CreateClientRefusal::ClientIdTaken)
    );
    let other = ClientId::new(world.now, &mut world.random);
    assert_eq!(
        world.register(other, "web", Some(&secret), &good).await,
        Err(CreateClientRefusal::WrongSecret)
    );
    let owned = ClientMetadata { owner: Some(nobody), ..confidential() };
    assert_eq!(
        world.register(id, "web", Some(&secret), &owned).await,
        Err(CreateClientRefusal::UnknownOwner)
    );
    for metadata in [
        with(|metadata| metadata.redirect_uris.clear()),
        with(|metadata| metadata.redirect_uris = vec!["https://a.example/".to_owned(); 101]),
        with(|metadata| metadata.redirect_uris = vec!["https://a.example/#top".to_owned()]),
        with(|metadata| metadata.redirect_uris.push("http://evil.example/callback".to_owned())),
        with(|metadata| metadata.redirect_uris.push("file:///etc/passwd".to_owned())),
        with(|metadata| metadata.post_logout_redirect_uris = vec!["javascript:alert(1)".to_owned()]),
        with(|metadata| metadata.post_logout_redirect_uris = vec!["https://a:b@a.example/".to_owned()]),
    ] {
        let refused = world.register(id, "web", Some(&secret), &metadata).await;
        assert_eq!(refused, Err(CreateClientRefusal::BadRedirectUris));
    }
    let codes: Vec<_> =
        CreateClientRefusal::ALL.iter().map(|refusal| refusal.error_code().as_str()).collect();
    assert!(codes.contains(&"invalid_redirect_uri") && codes.contains(&"invalid_client_metadata"));
}

#[apply(both_ways)]
async fn codes_go_over_tls_to_the_own_machine_or_to_an_app() {
    let mut world = World::new().await;
    let uris = [
        "https://a.example",
        "https://[2001:db8::1]:8443/callback?a=b",
        "http://127.0.0.1/callback",
        "http://[::1]:8080/callback",
        "http://localhost:3000/callback",
        "com.example.app:/callback",
        "com.example.app://callback",
        &format!("{:a<2048}", "https://a.example/"),
    ];
    let uris = uris.map(str::to_owned).to_vec();
    let metadata = ClientMetadata {
        redirect_uris: uris.clone(),
        post_logout_redirect_uris: uris,
        ..ClientMetadata::new("App", ClientType::Public, TokenEndpointAuthMethod::None)
    };
    let id = ClientId::new(world.now, &mut world.random);
    world.register(id, "native", None, &metadata).await.expect("a client");
    assert_eq!(world.registered("native").await.expect("a client").metadata, metadata);
}

/// Registrations that are good but for one thing.
fn bad_metadata() -> Vec<(MetadataField, ClientMetadata)> {
    use MetadataField as Field;
    let text = |text: &str| Some(text.to_owned());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS"}]});
    let good = confidential;
    let mut all = vec![
        (Field::Name, ClientMetadata { name: "a\nb".to_owned(), ..good() }),
        (Field::Name, ClientMetadata { name: "\0".to_owned(), ..good() }),
        (Field::Description, ClientMetadata { description: text("\0"), ..good() }),
        (Field::LogoUri, ClientMetadata { logo_uri: text("javascript:alert(1)"), ..good() }),
        (Field::LogoUri, ClientMetadata { logo_uri: text("https://a.example/\0"), ..good() }),
        (Field::ClientUri, ClientMetadata { client_uri: text("a.example"), ..good() }),
        (Field::PolicyUri, ClientMetadata { policy_uri: text(""), ..good() }),
        (Field::TosUri, ClientMetadata { tos_uri: text("https://a.example/ b"), ..good() }),
        (Field::AuthMethod, ClientMetadata { client_type: ClientType::Public, ..good() }),
        (Field::AuthMethod, ClientMetadata { auth_method: TokenEndpointAuthMethod::None, ..good() }),
        (Field::JwksUri, ClientMetadata { jwks_uri: text("http://a.example/keys"), ..good() }),
        (
            Field::Jwks,
            ClientMetadata { jwks: Some(keys), jwks_uri: text("https://a.example/keys"), ..good() },
        ),
        (
            Field::TlsClientAuthSubjectDn,
            ClientMetadata { tls_client_auth_subject_dn: text("CN=web"), ..good() },
        ),
        (Field::GrantTypes, ClientMetadata { grant_types: vec![], response_types: vec![], ..good() }),
        (Field::GrantTypes, ClientMetadata { grant_types: vec![], ..good() }),
        (Field::ResponseTypes, ClientMetadata { response_types: vec![], ..good() }),
        (
            Field::DpopBoundAccessTokens,
            ClientMetadata {
                dpop_bound_access_tokens: true,
                tls_client_certificate_bound_access_tokens: true,
                ..good()
            },
        ),
        (Field::AuthorizationCodeTtl, ClientMetadata { authorization_code_ttl: Some(601), ..good() }),
        (Field::AccessTokenTtl, ClientMetadata { access_token_ttl: Some(0), ..good() }),
        (Field::RefreshTokenTtl, ClientMetadata { refresh_token_ttl: Some(0), ..good() }),
        (
            Field::RefreshTokenTtl,
            ClientMetadata { refresh_token_ttl: Some(2), refresh_token_absolute_ttl: Some(1), ..good() },
        ),
        (Field::RefreshTokenAbsoluteTtl, ClientMetadata { refresh_token_absolute_ttl: Some(-1), ..good() }),
        (Field::DeviceCodeTtl, ClientMetadata { device_code_ttl: Some(3601), ..good() }),
    ];
    for contacts in [vec!["a b".to_owned()], vec!["\0".to_owned()], vec!["a".to_owned(); 101]] {
        all.push((Field::Contacts, ClientMetadata { contacts, ..good() }));
    }
    let large = "x".repeat(70_000);
    for keys in [
        json!(null),
        json!({"keys": []}),
        json!({"keys": [{"kty": "a\0"}]}),
        json!({"keys": [{"kty": large}]}),
    ] {
        all.push((Field::Jwks, ClientMetadata { jwks: Some(keys), ..good() }));
    }
    let public = ClientMetadata {
        redirect_uris: good().redirect_uris,
        ..ClientMetadata::new("App", ClientType::Public, TokenEndpointAuthMethod::None)
    };
    all.push((Field::RequirePkce, ClientMetadata { require_pkce: false, ..public.clone() }));
    all.push((
        Field::AllowPlainCodeChallenge,
        ClientMetadata { allow_plain_code_challenge: true, ..public.clone() },
    ));
    let grant_types = vec![GrantType::AuthorizationCode, GrantType::ClientCredentials];
    all.push((Field::GrantTypes, ClientMetadata { grant_types, ..public }));
    all
}

#[apply(both_ways)]
async fn the_metadata_that_was_refused_is_named() {
    let mut world = World::new().await;
    let secret = ClientSecret::generate(world.now, &mut world.random);
    let mut seen = HashSet::new();
    for (field, metadata) in bad_metadata() {
        let secret = (metadata.client_type == ClientType::Confidential || field == MetadataField::AuthMethod)
            .then_some(&secret);
        let id = secret.map_or_else(|| ClientId::new(world.now, &mut world.random), ClientSecret::id);
        let refused = world.register(id, "web", secret, &metadata).await;
        assert_eq!(refused, Err(CreateClientRefusal::BadMetadata(field)), "{metadata:?}");
        seen.insert(field);
    }
    assert_eq!(seen, MetadataField::ALL.iter().copied().collect());
    assert_eq!(MetadataField::Jwks.to_string(), "jwks");
}

#[apply(both_ways)]
async fn of_simultaneous_registrations_of_one_client_id_one_succeeds() {
    let mut world = World::new().await;
    let outcomes = at_once(16, |_| {
        let secret = ClientSecret::generate(world.now, &mut world.random);
        let (store, now) = (world.store.clone(), world.now);
        async move {
            let (client_id, metadata) = (identifier("web"), confidential());
            let request = CreateClient {
                id: secret.id(),
                client_id: &client_id,
                secret: Some(&secret),
                metadata: &metadata,
                actor: Actor::System,
                audit: None,
            };
            store.create_client(&request, now).await.expect("a database")
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let taken = Err(CreateClientRefusal::ClientIdTaken);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == taken).count(), 15);
}
