mod disabling;
mod registration;
mod secrets;
mod updates;

use authority_entity::sea_orm_active_enums::{ClientType, TokenEndpointAuthMethod};
use authority_store::{
    Actor, Client, ClientId, ClientIdentifier, ClientMetadata, ClientSecret, CreateClient,
    CreateClientRefusal,
};

use super::world::{REDIRECT_URI, World};

/// What a confidential client with a secret registers.
pub(super) fn confidential() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        allowed_scopes: "openid profile".parse().expect("scopes"),
        ..ClientMetadata::new("Web", ClientType::Confidential, TokenEndpointAuthMethod::ClientSecretBasic)
    }
}

pub(super) fn identifier(text: &str) -> ClientIdentifier {
    text.parse().expect("a client_id")
}

impl World {
    /// A confidential client `web`, and its secret.
    pub(super) async fn web(&mut self) -> ClientSecret {
        let secret = ClientSecret::generate(self.now, &mut self.random);
        self.register(secret.id(), "web", Some(&secret), &confidential()).await.expect("a client");
        secret
    }

    /// Registers a client.
    pub(super) async fn register(
        &self,
        id: ClientId,
        client_id: &str,
        secret: Option<&ClientSecret>,
        metadata: &ClientMetadata,
    ) -> Result<(), CreateClientRefusal> {
        let client_id = identifier(client_id);
        let request =
            CreateClient { id, client_id: &client_id, secret, metadata, actor: Actor::System, audit: None };
        self.store.create_client(&request, self.now).await.expect("a database")
    }

    /// A client as it is registered.
    pub(super) async fn registered(&self, client_id: &str) -> Option<Client> {
        self.store.find_client(&identifier(client_id)).await.expect("a database")
    }
}
