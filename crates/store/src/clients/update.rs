use chrono::{DateTime, Utc};

use super::bad::Bad;
use super::create::Registration;
use super::field::MetadataField;
use super::metadata::ClientMetadata;
use crate::error_code::refusals;
use crate::statements::CLIENTS_UPDATE;
use crate::{Actor, Audit, ClientId, ClientIdentifier, ClientSecret, Store, StoreError};

/// New metadata of a client (RFC 7592 section 2.2), in place of all that was registered before.
#[derive(Clone, Debug)]
pub struct UpdateClient<'a> {
    /// Its row.
    pub id: ClientId,
    /// What it calls itself, which cannot be changed.
    pub client_id: &'a ClientIdentifier,
    /// A secret for a client that has none and needs one from now on, made for this row. One that has a secret keeps
    /// it; [`rotate_client_secret`](Store::rotate_client_secret) changes it.
    pub secret: Option<&'a ClientSecret>,
    /// What is registered of it from now on.
    pub metadata: &'a ClientMetadata,
    /// Who changes it.
    pub actor: Actor,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// The registration was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdatedClient {
    /// The secret that was given is the client's now.
    pub is_secret_taken: bool,
}

refusals! {
    /// Why a registration was not changed (RFC 7591 section 3.2.2, RFC 7592 section 2.2).
    UpdateClientRefusal:
        /// There is no such client.
        Unknown = "unknown" => InvalidClient,
        /// The client calls itself otherwise.
        WrongClientId = "wrong_client_id" => InvalidRequest,
        /// There is no such owner, or they were erased. The owner that the client has already may be erased.
        UnknownOwner = "unknown_owner" => InvalidClientMetadata,
        /// The secret was made for another row.
        WrongSecret = "wrong_secret" => InvalidClientMetadata,
        /// The client needs a secret from now on, and none was given.
        SecretRequired = "secret_required" => InvalidClientMetadata,
        /// As [`CreateClientRefusal::BadRedirectUris`](crate::CreateClientRefusal::BadRedirectUris). A client that was
        /// registered with such ones before goes on working.
        BadRedirectUris = "bad_redirect_uris" => InvalidRedirectUri,
        /// The metadata is refused otherwise. No event is written.
        BadMetadata(MetadataField) = "bad_metadata" => InvalidClientMetadata,
}

impl Store {
    /// Replaces what is registered of a client: one statement. A secret that is needed no more is forgotten. Tokens and
    /// grants that exist stay; a rotation honours the new grant types at once.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    pub async fn update_client(
        &self,
        request: &UpdateClient<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<UpdatedClient, UpdateClientRefusal>, StoreError> {
        if request.secret.is_some_and(|secret| secret.id() != request.id) {
            return Ok(Err(UpdateClientRefusal::WrongSecret));
        }
        let registration = Registration {
            id: request.id,
            client_id: request.client_id,
            secret: request.secret,
            metadata: request.metadata,
            actor: request.actor,
        };
        match self.register(&CLIENTS_UPDATE, &registration, request.audit, now).await? {
            Ok(answer) if answer.get::<&str>("verdict")? == "updated" => {
                Ok(Ok(UpdatedClient { is_secret_taken: answer.get("is_secret_taken")? }))
            }
            Ok(answer) => answer.meaning("verdict", UpdateClientRefusal::from_answer).map(Err),
            Err(Bad::RedirectUris) => Ok(Err(UpdateClientRefusal::BadRedirectUris)),
            Err(Bad::Metadata(field)) => Ok(Err(UpdateClientRefusal::BadMetadata(field))),
        }
    }
}
