use authority_entity::sea_orm_active_enums::TokenEndpointAuthMethod;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::AuthenticateClientRefusal;
use super::metadata::ClientMetadata;
use crate::answer::Answer;
use crate::statements::CLIENTS_FIND;
use crate::{ClientId, ClientIdentifier, Store, StoreError};

/// A client as it is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its row.
    pub id: ClientId,
    /// What it calls itself.
    pub client_id: ClientIdentifier,
    /// What is registered of it.
    pub metadata: ClientMetadata,
    /// When its previous secret stops being valid; none when there is none.
    pub previous_secret_expires_at: Option<DateTime<Utc>>,
    /// When it was disabled.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Finds a client by what it calls itself, as the authorization endpoint does: one statement. A disabled one is
    /// found too.
    pub async fn find_client(&self, client_id: &ClientIdentifier) -> Result<Option<Client>, StoreError> {
        let rows = self.run(&CLIENTS_FIND, &[&client_id.as_str()]).await?;
        rows.into_iter().next().map(|row| read(&Answer::of(&CLIENTS_FIND, row))).transpose()
    }

    /// Finds the client of a request that has a `client_id` and no proof of it (RFC 6749 section 3.2.1): one statement.
    /// A client that is registered to prove who it is has to do so, or whoever knows its `client_id` could use what it
    /// lost.
    pub async fn identify_client(
        &self,
        client_id: &ClientIdentifier,
    ) -> Result<Result<Client, AuthenticateClientRefusal>, StoreError> {
        let Some(client) = self.find_client(client_id).await? else {
            return Ok(Err(AuthenticateClientRefusal::Unknown));
        };
        Ok(match (&client.metadata.auth_method, client.disabled_at) {
            (TokenEndpointAuthMethod::None, None) => Ok(client),
            (TokenEndpointAuthMethod::None, Some(_)) => Err(AuthenticateClientRefusal::ClientDisabled),
            _ => Err(AuthenticateClientRefusal::WrongMethod),
        })
    }
}

fn read(answer: &Answer) -> Result<Client, StoreError> {
    Ok(Client {
        id: answer.get::<Uuid>("id")?.into(),
        client_id: ClientIdentifier::from_column(answer.get("client_id")?),
        metadata: ClientMetadata::read(answer)?,
        previous_secret_expires_at: answer.get("previous_secret_expires_at")?,
        disabled_at: answer.get("disabled_at")?,
        created_at: answer.get("created_at")?,
        updated_at: answer.get("updated_at")?,
    })
}
