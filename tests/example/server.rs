use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use authority_connection::{Config, Environment};
use authority_entity::sea_orm_active_enums::{
    ClientType, GrantType, ResponseType, TokenEndpointAuthMethod, UserRole,
};
use authority_entity::secret::PasswordHash;
use authority_example::{Clock, Settings, serve};
use authority_local_postgres::APP_ROLE;
use authority_password::Password;
use authority_store::{
    Actor, ClientId, ClientIdentifier, ClientMetadata, ClientSecret, CreateClient, CreateUser, Store, UserId,
    system_random,
};
use chrono::TimeDelta;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::http::Request;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, CsrfToken, DeviceAuthorizationUrl, EndpointSet, HttpRequest,
    HttpResponse, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RevocationUrl, Scope,
    TokenUrl,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::browser::Browser;
use super::http::{Answer, form, send};
use crate::support::Database;

/// Where the server says it is. The requests of these tests go to it as they come out of the proxy that speaks TLS.
pub(crate) const ISSUER: &str = "https://auth.example";
/// Where clients want their codes.
pub(crate) const CALLBACK: &str = "https://web.example/callback?from=auth";
/// The password of `ada`.
pub(crate) const PASSWORD: &str = "vivid otter drums on marble";

/// The client library, with every endpoint known to it.
pub(crate) type Client = BasicClient<EndpointSet, EndpointSet, EndpointSet, EndpointSet, EndpointSet>;

/// A server on a database of its own, with the user `ada` and these clients: `web` and `post` are confidential, `app` is
/// public, and `api` is a resource server.
pub(crate) struct Server {
    pub(crate) database: Database,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    secrets: BTreeMap<&'static str, String>,
    ahead: Arc<AtomicI64>,
    serving: JoinHandle<io::Result<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        let database = Database::migrated().await;
        let config = Config::parse(&database.url_as(APP_ROLE), &Environment::from_pairs([("HOME", "/")]));
        let pool = config.expect("an address").client_pool().await;
        let store = Store::new(pool.unwrap_or_else(|error| panic!("{error}: {error:?}")));
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = {
            let ahead = Arc::clone(&ahead);
            let system = Clock::system();
            Clock::new(move || system.now() + TimeDelta::seconds(ahead.load(Ordering::Relaxed)))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let settings = Settings {
            issuer: ISSUER.parse().expect("an issuer"),
            resource_servers: ["api".parse().expect("a client_id")].into(),
            proxies: [Ipv4Addr::LOCALHOST.into()].into(),
            patience: Duration::ZERO,
        };
        let serving = tokio::spawn(serve(listener, store.clone(), settings, clock, std::future::pending()));
        let mut server = Self { database, store, address, secrets: BTreeMap::new(), ahead, serving };
        server.register_user().await;
        server.register_clients().await;
        server
    }

    async fn register_user(&self) {
        let hash = authority_password::hash(&Password::new(PASSWORD)).expect("a hash");
        let now = Clock::system().now();
        let request = CreateUser {
            id: UserId::new(now, &mut system_random()),
            username: "ada",
            email: "ada@example.com",
            email_verified: true,
            password_hash: Some(&PasswordHash::new(hash.reveal().to_owned())),
            must_change_password: false,
            given_name: None,
            family_name: None,
            claims: &json!({}),
            role: UserRole::User,
            actor: Actor::System,
            audit: None,
        };
        self.store.create_user(&request, now).await.expect("a database").expect("a user");
    }

    async fn register_clients(&mut self) {
        use GrantType::{AuthorizationCode, ClientCredentials, DeviceCode, RefreshToken};
        let every = vec![AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode];
        let person = vec![AuthorizationCode, RefreshToken, DeviceCode];
        let basic = TokenEndpointAuthMethod::ClientSecretBasic;
        self.register("web", "<b>Web</b>", basic, every.clone()).await;
        self.register("post", "Post", TokenEndpointAuthMethod::ClientSecretPost, every).await;
        self.register("api", "API", basic, vec![ClientCredentials]).await;
        self.register("app", "App", TokenEndpointAuthMethod::None, person).await;
    }

    async fn register(
        &mut self,
        client_id: &'static str,
        name: &str,
        method: TokenEndpointAuthMethod,
        grant_types: Vec<GrantType>,
    ) {
        let now = Clock::system().now();
        let id = ClientId::new(now, &mut system_random());
        let is_public = method == TokenEndpointAuthMethod::None;
        let client_type = if is_public { ClientType::Public } else { ClientType::Confidential };
        let secret = (!is_public).then(|| ClientSecret::for_id(id, &mut system_random()));
        let response_types = if grant_types.contains(&GrantType::AuthorizationCode) {
            vec![ResponseType::Code]
        } else {
            Vec::new()
        };
        let metadata = ClientMetadata {
            response_types,
            redirect_uris: vec![CALLBACK.to_owned()],
            grant_types,
            allowed_scopes: "email offline_access profile".parse().expect("scopes"),
            ..ClientMetadata::new(name, client_type, method)
        };
        let identifier: ClientIdentifier = client_id.parse().expect("a client_id");
        let request = CreateClient {
            id,
            client_id: &identifier,
            secret: secret.as_ref(),
            metadata: &metadata,
            actor: Actor::System,
            audit: None,
        };
        self.store.create_client(&request, now).await.expect("a database").expect("a client");
        if let Some(secret) = secret {
            self.secrets.insert(client_id, secret.reveal().to_string());
        }
    }

    /// Time passes for the server.
    pub(crate) fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The secret of a client; nothing for a public one.
    pub(crate) fn secret(&self, client_id: &str) -> &str {
        self.secrets.get(client_id).map_or("", String::as_str)
    }

    /// The library as one of the clients.
    pub(crate) fn client(&self, client_id: &str) -> Client {
        let at = |path: &str| format!("{ISSUER}{path}");
        let client = BasicClient::new(oauth2::ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(at("/authorize")).expect("a URL"))
            .set_token_uri(TokenUrl::new(at("/token")).expect("a URL"))
            .set_introspection_url(IntrospectionUrl::new(at("/introspect")).expect("a URL"))
            .set_revocation_url(RevocationUrl::new(at("/revoke")).expect("a URL"))
            .set_device_authorization_url(
                DeviceAuthorizationUrl::new(at("/device_authorization")).expect("a URL"),
            )
            .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).expect("a URL"));
        let client = if client_id == "post" { client.set_auth_type(AuthType::RequestBody) } else { client };
        match self.secrets.get(client_id) {
            Some(secret) => client.set_client_secret(oauth2::ClientSecret::new(secret.clone())),
            None => client,
        }
    }

    /// What the library sends its requests with.
    pub(crate) fn http(
        &self,
    ) -> impl Fn(HttpRequest) -> Pin<Box<dyn Future<Output = io::Result<HttpResponse>> + Send>> + Sync + use<>
    {
        let address = self.address;
        move |request| Box::pin(send(address, request))
    }

    /// Sends a request of the test's own.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        send(self.address, request).await.expect("an answer")
    }

    /// Posts a form as a client with `client_secret_post` or without a secret.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields)).await
    }

    /// A code that ada has granted to a client, and what answers its challenge.
    pub(crate) async fn code(
        &self,
        client: &Client,
        scopes: &[&str],
    ) -> (AuthorizationCode, PkceCodeVerifier) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = scopes.iter().map(|scope| Scope::new((*scope).to_owned()));
        let request = client.authorize_url(CsrfToken::new_random).add_scopes(scopes);
        let (url, state) = request.set_pkce_challenge(challenge).url();
        let answer = Browser::signed_in(self).await.decide(&url, "approve").await;
        assert_eq!(answer["state"], *state.secret());
        (AuthorizationCode::new(answer["code"].clone()), verifier)
    }

    /// Tokens that a client got by a code of ada's.
    pub(crate) async fn tokens(&self, client: &Client, scopes: &[&str]) -> BasicTokenResponse {
        let (code, verifier) = self.code(client, scopes).await;
        let request = client.exchange_code(code).set_pkce_verifier(verifier);
        request.request_async(&self.http()).await.expect("tokens")
    }

    /// Whether a resource server would accept an access token.
    pub(crate) async fn is_active(&self, token: &oauth2::AccessToken) -> bool {
        use oauth2::TokenIntrospectionResponse;
        let client = self.client("api");
        client.introspect(token).request_async(&self.http()).await.expect("an answer").active()
    }
}
