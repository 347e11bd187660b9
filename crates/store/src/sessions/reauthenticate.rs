use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use super::SessionRefusal;
use crate::blind::Blind;
use crate::statements::SESSIONS_REAUTHENTICATE;
use crate::text::{comparable, comparable_list};
use crate::{Audit, SessionToken, Store, StoreError};

/// A person who is signed in has proved again who they are, perhaps in a stronger way.
#[derive(Clone, Debug)]
pub struct Reauthenticate<'a> {
    /// The cookie as it was presented.
    pub token: &'a SessionToken,
    /// What the cookie will hold from now on, made beforehand with [`Token::for_id`](crate::Token::for_id): whoever
    /// has a copy of the old cookie gains nothing by what the person proves.
    pub successor: &'a SessionToken,
    /// When they proved it.
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference (RFC 9470).
    pub acr: Option<&'a str>,
    /// Authentication method references (RFC 8176).
    pub amr: &'a [String],
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

impl Store {
    /// Writes down that a person has proved again who they are, and replaces the secret of the cookie: one statement.
    /// When the session ends at the latest stays as it is. A successor that was made for another session is `Unknown`.
    ///
    /// The caller counts a wrong proof as a failed login. While the account is locked for that, a right one does not
    /// count either (`UserLocked`): whoever has a copy of the cookie cannot go on guessing at a page that asks again.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    pub async fn reauthenticate_session(
        &self,
        request: &Reauthenticate<'_>,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<(), SessionRefusal>, StoreError> {
        if request.successor.id() != request.token.id() {
            return Ok(Err(SessionRefusal::Unknown));
        }
        let blind = Blind::new(random);
        let digest = blind.digest(&request.token.digest());
        let answer = self
            .run_audited(
                &SESSIONS_REAUTHENTICATE,
                request.audit,
                now,
                &[
                    &request.token.id().uuid(),
                    &blind.octets(),
                    &&digest[..],
                    &request.successor.digest().octets(),
                    &request.auth_time,
                    &request.acr.map(comparable),
                    &comparable_list(request.amr),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "reauthenticated" => Ok(Ok(())),
            _ => answer.meaning("verdict", SessionRefusal::from_answer).map(Err),
        }
    }
}
