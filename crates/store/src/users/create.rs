use authority_entity::sea_orm_active_enums::UserRole;
use authority_entity::secret::PasswordHash;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error_code::reasons;
use crate::label::label;
use crate::statements::USERS_CREATE;
use crate::{Actor, Audit, Store, StoreError, UserId};

/// A new account.
#[derive(Clone, Debug)]
pub struct CreateUser<'a> {
    /// Its id, made beforehand.
    pub id: UserId,
    /// Login name: 1 to 128 characters without space, control characters and `@`.
    pub username: &'a str,
    /// Email address.
    pub email: &'a str,
    /// Somebody has proved that the address is the person's.
    pub email_verified: bool,
    /// PHC string; none for an account without a password.
    pub password_hash: Option<&'a PasswordHash>,
    /// The first login has to set a new password.
    pub must_change_password: bool,
    /// `given_name` (OpenID Connect Core 5.1).
    pub given_name: Option<&'a str>,
    /// `family_name` (OpenID Connect Core 5.1).
    pub family_name: Option<&'a str>,
    /// Further claims by name (OpenID Connect Core 5.1): a JSON object.
    pub claims: &'a Value,
    /// What the person may do in Authority itself.
    pub role: UserRole,
    /// Who creates it: the person themselves, or an administrator.
    pub actor: Actor,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

reasons! {
    /// Why no account was created. A visitor who is told of `EmailTaken` learns who has an account; so the page should
    /// say the same in either case and send a message to the address.
    CreateUserRefusal:
        /// Somebody has the username, without regard to case.
        UsernameTaken = "username_taken",
        /// Somebody has the email address, without regard to case.
        EmailTaken = "email_taken",
        /// Names of this form are those of erased accounts.
        Reserved = "reserved",
}

impl Store {
    /// Creates an account: one statement. When somebody takes one of the names at the same moment, it is sent again to
    /// learn which.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    ///
    /// Fails as every operation does ([`StoreError`]); a value that the schema refuses is a `Constraint`.
    pub async fn create_user(
        &self,
        request: &CreateUser<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), CreateUserRefusal>, StoreError> {
        let answer = self
            .run_audited_until_it_sees(
                &USERS_CREATE,
                request.audit,
                now,
                &[
                    &request.id.uuid(),
                    &request.username,
                    &request.email,
                    &request.email_verified,
                    &request.password_hash.map(PasswordHash::reveal),
                    &request.must_change_password,
                    &request.given_name,
                    &request.family_name,
                    &request.claims,
                    &label(&request.role),
                    &request.actor.kind(),
                    &request.actor.id(),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "created" => Ok(Ok(())),
            _ => answer.meaning("verdict", CreateUserRefusal::from_answer).map(Err),
        }
    }
}
