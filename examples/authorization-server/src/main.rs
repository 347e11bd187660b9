//! Serves the database of `DATABASE_URL` on `LISTEN` (127.0.0.1:8080).

use std::error::Error;
use std::io;

use authority_connection::{Config, Environment};
use authority_entity::sea_orm_active_enums::{ClientType, GrantType, TokenEndpointAuthMethod};
use authority_example::{Clock, Settings, serve};
use authority_store::{
    Actor, ClientId, ClientIdentifier, ClientMetadata, CreateClient, CreateClientRefusal, Scopes, Store,
    system_random,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let environment = Environment::from_process()?;
    // A line for each statement of the store: its span, as it ends.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(environment.get("RUST_LOG").unwrap_or("info")))
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .init();
    let config = Config::from_environment(&environment)?.ok_or("DATABASE_URL is not set")?;
    let store = Store::new(config.client_pool().await?);

    let listener = TcpListener::bind(environment.get("LISTEN").unwrap_or("127.0.0.1:8080")).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let settings = Settings {
        issuer: environment.get("ISSUER").map_or(here, |issuer| issuer.trim_end_matches('/').to_owned()),
        resource_servers: environment
            .get("RESOURCE_SERVERS")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?,
    };
    let demo = register_demo(&store, &Clock::system()).await?;
    tracing::info!(issuer = settings.issuer, client_id = demo.as_str(), "serving; stop with Ctrl-C");
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    Ok(serve(listener, store, settings, Clock::system(), stopped).await?)
}

/// Registers the public client `demo`, unless there is one, so that there is something to try.
async fn register_demo(store: &Store, clock: &Clock) -> Result<ClientIdentifier, Box<dyn Error>> {
    let client_id: ClientIdentifier = "demo".parse()?;
    let now = clock.now();
    let metadata = ClientMetadata {
        redirect_uris: vec!["http://127.0.0.1:8081/callback".to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode],
        allowed_scopes: Scopes::new(["profile", "email", "offline_access"])?,
        ..ClientMetadata::new("Demo", ClientType::Public, TokenEndpointAuthMethod::None)
    };
    let request = CreateClient {
        id: ClientId::new(now, &mut system_random()),
        client_id: &client_id,
        secret: None,
        metadata: &metadata,
        actor: Actor::System,
        audit: None,
    };
    match store.create_client(&request, now).await? {
        Ok(()) | Err(CreateClientRefusal::ClientIdTaken) => Ok(client_id),
        Err(refusal) => Err(format!("the demo client cannot be registered: {refusal}").into()),
    }
}
