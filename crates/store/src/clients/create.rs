use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};

use super::bad::Bad;
use super::field::MetadataField;
use super::metadata::ClientMetadata;
use crate::answer::Answer;
use crate::error_code::refusals;
use crate::label::label;
use crate::statements::CLIENTS_CREATE;
use crate::text::{comparable, comparable_list, document};
use crate::{Actor, Audit, ClientId, ClientIdentifier, ClientSecret, Statement, Store, StoreError, UserId};

/// A new client.
#[derive(Clone, Debug)]
pub struct CreateClient<'a> {
    /// Its row, made beforehand.
    pub id: ClientId,
    /// What it calls itself.
    pub client_id: &'a ClientIdentifier,
    /// Its secret, where it has one: made beforehand with [`Token::for_id`](crate::Token::for_id) for this row.
    pub secret: Option<&'a ClientSecret>,
    /// What is registered of it.
    pub metadata: &'a ClientMetadata,
    /// Who registers it.
    pub actor: Actor,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

refusals! {
    /// Why no client was registered (RFC 7591 section 3.2.2).
    CreateClientRefusal:
        /// Another client calls itself so.
        ClientIdTaken = "client_id_taken" => InvalidClientMetadata,
        /// There is no such owner, or they were erased.
        UnknownOwner = "unknown_owner" => InvalidClientMetadata,
        /// The secret was made for another row.
        WrongSecret = "wrong_secret" => InvalidClientMetadata,
        /// A redirect URI, or one for after a logout, is neither `https` with a host, nor `http` on a loopback address,
        /// nor of a scheme that is the reverse of a domain (RFC 8252 section 7); or it has a fragment, a user or more
        /// than 2048 octets; or there are more than a hundred, or none for a grant that needs one. No event is written.
        BadRedirectUris = "bad_redirect_uris" => InvalidRedirectUri,
        /// The metadata is refused otherwise, as a secret for a client that cannot keep one. No event is written.
        BadMetadata(MetadataField) = "bad_metadata" => InvalidClientMetadata,
}

impl Store {
    /// Registers a client: one statement. When somebody takes the `client_id` at the same moment, it is sent again to see
    /// that.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    pub async fn create_client(
        &self,
        request: &CreateClient<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), CreateClientRefusal>, StoreError> {
        if request.secret.is_some_and(|secret| secret.id() != request.id) {
            return Ok(Err(CreateClientRefusal::WrongSecret));
        }
        let registration = Registration {
            id: request.id,
            client_id: request.client_id,
            secret: request.secret,
            metadata: request.metadata,
            actor: request.actor,
        };
        match self.register(&CLIENTS_CREATE, &registration, request.audit, now).await? {
            Ok(answer) if answer.get::<&str>("verdict")? == "created" => Ok(Ok(())),
            Ok(answer) => answer.meaning("verdict", CreateClientRefusal::from_answer).map(Err),
            Err(Bad::RedirectUris) => Ok(Err(CreateClientRefusal::BadRedirectUris)),
            Err(Bad::Metadata(field)) => Ok(Err(CreateClientRefusal::BadMetadata(field))),
        }
    }

    /// Runs one of the statements that take everything that is registered of a client.
    pub(super) async fn register(
        &self,
        statement: &'static Statement,
        registration: &Registration<'_>,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Result<Answer, Bad>, StoreError> {
        let Registration { id, client_id, secret, metadata: m, actor } = registration;
        if let Some(bad) = Bad::of_metadata(m) {
            return Ok(Err(bad));
        }
        let digest = secret.map(ClientSecret::digest);
        let done = self
            .run_audited_until_it_sees(
                statement,
                audit,
                now,
                &[
                    &id.uuid(),
                    &client_id.as_str(),
                    &comparable(&m.name),
                    &m.description.as_deref().map(comparable),
                    &m.logo_uri.as_deref().map(comparable),
                    &m.client_uri.as_deref().map(comparable),
                    &m.policy_uri.as_deref().map(comparable),
                    &m.tos_uri.as_deref().map(comparable),
                    &comparable_list(&m.contacts),
                    &label(&m.client_type),
                    &label(&m.auth_method),
                    &digest.as_ref().map(Digest::octets),
                    &m.jwks.as_ref().map(document),
                    &m.jwks_uri.as_deref().map(comparable),
                    &m.tls_client_auth_subject_dn.as_deref().map(comparable),
                    &comparable_list(&m.redirect_uris),
                    &comparable_list(&m.post_logout_redirect_uris),
                    &m.grant_types(),
                    &m.response_types(),
                    &m.allowed_scopes.to_column(),
                    &m.require_pkce,
                    &m.allow_plain_code_challenge,
                    &m.require_pushed_authorization_requests,
                    &m.dpop_bound_access_tokens,
                    &m.tls_client_certificate_bound_access_tokens,
                    &m.authorization_code_ttl,
                    &m.access_token_ttl,
                    &m.refresh_token_ttl,
                    &m.refresh_token_absolute_ttl,
                    &m.device_code_ttl,
                    &m.owner.map(UserId::uuid),
                    &actor.kind(),
                    &actor.id(),
                ],
            )
            .await;
        match done {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => match Bad::of_error(&error) {
                Some(bad) => Ok(Err(bad)),
                None => Err(error),
            },
        }
    }
}

/// Everything that is registered of a client.
pub(super) struct Registration<'a> {
    pub(super) id: ClientId,
    pub(super) client_id: &'a ClientIdentifier,
    pub(super) secret: Option<&'a ClientSecret>,
    pub(super) metadata: &'a ClientMetadata,
    pub(super) actor: Actor,
}
