use chrono::{DateTime, Utc};
use uuid::Uuid;

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
