use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use uuid::Uuid;

use crate::blind::Blind;
use crate::error_code::refusals;
use crate::statements::CLIENTS_AUTHENTICATE;
use crate::{Audit, ClientId, ClientIdentifier, ClientSecret, Store, StoreError};

/// A client presents its secret (RFC 6749 section 2.3.1).
#[derive(Clone, Debug)]
pub struct AuthenticateClient<'a> {
    /// What it calls itself.
    pub client_id: &'a ClientIdentifier,
    /// The secret as it was presented.
    pub secret: &'a ClientSecret,
    /// Where it stood in the request.
    pub method: SecretMethod,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// Where a client puts its secret (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretMethod {
    /// `client_secret_basic`: the `Authorization` header.
    Basic,
    /// `client_secret_post`: the body of the request.
    Post,
}

/// The client is who it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthenticatedClient {
    /// Its row.
    pub id: ClientId,
    /// When the secret stops being valid, for the one before the current one: somebody has still to take the new one
    /// into use.
    pub secret_expires_at: Option<DateTime<Utc>>,
}

refusals! {
    /// Why a client is not who it says (RFC 6749 section 5.2). It is told the same in every case.
    AuthenticateClientRefusal:
        /// No client calls itself so.
        Unknown = "unknown" => InvalidClient,
        /// Neither its secret nor the one before, or that one's time is over.
        WrongSecret = "wrong_secret" => InvalidClient,
        /// The client is registered for another method.
        WrongMethod = "wrong_method" => InvalidClient,
        /// The client was disabled.
        ClientDisabled = "client_disabled" => InvalidClient,
}

impl Store {
    /// Authenticates a client by its secret, or by the one before it while that is valid: one statement, which writes
    /// nothing but its event. It takes as long for a client that there is not.
    pub async fn authenticate_client(
        &self,
        request: &AuthenticateClient<'_>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<AuthenticatedClient, AuthenticateClientRefusal>, StoreError> {
        let blind = Blind::new(random);
        let digest = blind.digest(&request.secret.digest());
        let method = match request.method {
            SecretMethod::Basic => "client_secret_basic",
            SecretMethod::Post => "client_secret_post",
        };
        let answer = self
            .run_audited(
                &CLIENTS_AUTHENTICATE,
                request.audit,
                now,
                &[
                    &request.client_id.as_str(),
                    &request.secret.id().uuid(),
                    &blind.octets(),
                    &&digest[..],
                    &method,
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "authenticated" => Ok(Ok(AuthenticatedClient {
                id: answer.get::<Uuid>("id")?.into(),
                secret_expires_at: answer.get("secret_expires_at")?,
            })),
            _ => answer.meaning("verdict", AuthenticateClientRefusal::from_answer).map(Err),
        }
    }
}
