//! Serves the database of `DATABASE_URL` on `LISTEN` (127.0.0.1:8080), until Ctrl-C or SIGTERM.
//!
//! - `ISSUER`: where people and clients reach it, `https://auth.example`. Without it, it is for this machine alone, and
//!   there is a client `demo` to try.
//! - `PROXIES`: the addresses of the proxies in front of it, whose `X-Forwarded-For` is believed.
//! - `RESOURCE_SERVERS`: the `client_id`s of those who may introspect the access tokens of every client.
//! - `RUST_LOG`: what to log (`info`).

mod stop;

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use authority_connection::{Config, Environment};
use authority_entity::sea_orm_active_enums::{ClientType, GrantType, TokenEndpointAuthMethod};
use authority_example::{Clock, Issuer, Sentence, Settings, serve};
use authority_store::{
    Actor, ClientId, ClientIdentifier, ClientMetadata, CreateClient, CreateClientRefusal, Scopes, Store,
    system_random,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use stop::StopSignals;

/// Less than the ten seconds after which Docker kills what it has asked to stop.
const PATIENCE: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", Sentence(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut signals = StopSignals::new()?;
    let environment = Environment::from_process()?;
    // A line for each statement of the store: its span, as it ends.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(environment.get("RUST_LOG").unwrap_or("info")))
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(io::stderr().is_terminal() && !environment.no_color())
        .with_writer(io::stderr)
        .init();
    let (listener, store, settings) = tokio::select! {
        ready = prepare(&environment) => ready?,
        // Nobody is served yet, so there is nothing to wait for.
        () = signals.next() => return Ok(()),
    };
    tracing::info!("serving {}; stop with Ctrl-C", settings.issuer);
    let stopped = async move { signals.next().await };
    Ok(serve(listener, store, settings, Clock::system(), stopped).await?)
}

async fn prepare(environment: &Environment) -> Result<(TcpListener, Store, Settings), Box<dyn Error>> {
    let config = Config::from_environment(environment)?.ok_or("DATABASE_URL is not set")?;
    let listen = environment.get("LISTEN").unwrap_or("127.0.0.1:8080");
    let listener =
        TcpListener::bind(listen).await.map_err(|error| format!("nobody can listen on {listen}: {error}"))?;
    let here = format!("http://{}", listener.local_addr()?);
    let issuer: Result<Issuer, _> = environment.get("ISSUER").unwrap_or(&here).parse();
    let settings = Settings {
        issuer: issuer.map_err(|error| format!("ISSUER is not right: {error}"))?,
        resource_servers: words(environment, "RESOURCE_SERVERS")?,
        proxies: words(environment, "PROXIES")?,
        patience: PATIENCE,
    };
    let store = Store::new(config.client_pool().await?);
    // To try on this machine. Where the server is for others, so are its clients.
    if !settings.issuer.is_encrypted() {
        let demo = register_demo(&store, &Clock::system()).await?;
        tracing::info!("the client {} is there to try", demo.as_str());
    }
    Ok((listener, store, settings))
}

/// The words of a variable, none when it is not set.
fn words<T: FromStr<Err: Error> + Ord>(environment: &Environment, name: &str) -> Result<BTreeSet<T>, String> {
    let words = environment.get(name).unwrap_or_default().split_whitespace();
    words.map(|word| word.parse().map_err(|error| format!("{name} has {word:?}: {error}"))).collect()
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
