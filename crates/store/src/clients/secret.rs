use chrono::{DateTime, Utc};

use crate::error_code::reasons;
use crate::statements::CLIENTS_ROTATE_SECRET;
use crate::{Actor, Audit, ClientSecret, Store, StoreError};

reasons! {
    /// Why a client has no new secret.
    RotateSecretRefusal:
        /// There is no such client.
        Unknown = "unknown",
        /// The client does not authenticate by a secret.
        NoSecret = "no_secret",
}

impl Store {
    /// Gives the client of a secret this secret in place of its current one, which stays valid until `previous_until` so
    /// that there is no outage; a time that is not after `now` ends it at once, as after a leak. One statement. A
    /// secret that was previous already is forgotten.
    ///
    /// The same call again, after its answer was lost, gives the same outcome, also when the secret was rotated further
    /// meanwhile; it never goes back. It is known by its audit event; where both run at the same time the statement is
    /// sent again to learn what the first has found. Without an event it is known as long as its secret is the current
    /// one or the one before, valid or not; after that it cannot be told from a new rotation, and makes its secret the
    /// current one again. The one before is forgotten by a rotation that ends it at once.
    pub async fn rotate_client_secret(
        &self,
        secret: &ClientSecret,
        previous_until: DateTime<Utc>,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), RotateSecretRefusal>, StoreError> {
        let digest = secret.digest();
        let params: [crate::store::Parameter<'_>; 5] =
            [&secret.id().uuid(), &digest.octets(), &previous_until, &actor.kind(), &actor.id()];
        let answer = self.run_audited_until_it_sees(&CLIENTS_ROTATE_SECRET, audit, now, &params).await?;
        match answer.get("verdict")? {
            "rotated" => Ok(Ok(())),
            _ => answer.meaning("verdict", RotateSecretRefusal::from_answer).map(Err),
        }
    }
}
