use authority_entity::sea_orm_active_enums::UserRole;
use authority_entity::secret::PasswordHash;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error_code::reasons;
use crate::label::label;
use crate::statements::USERS_CREATE;
use crate::text::{comparable, document};
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
        /// Not 1 to 128 characters without space, control characters and `@`. No event is written.
        BadUsername = "bad_username",
        /// No email address, or one of more than 254 characters. No event is written.
        BadEmail = "bad_email",
        /// A given or family name is not 1 to 200 characters on one line. No event is written.
        BadName = "bad_name",
        /// The claims are not a JSON object, or are too large. No event is written.
        BadClaims = "bad_claims",
}

impl Store {
    /// Creates an account: one statement. When somebody takes one of the names at the same moment, it is sent again to
    /// learn which.
    ///
    /// The same call again, after its answer was lost, gives the same outcome.
    ///
    /// Fails as every operation does ([`StoreError`]); a hash that is no PHC string is a `Constraint`.
    pub async fn create_user(
        &self,
        request: &CreateUser<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), CreateUserRefusal>, StoreError> {
        let done = self
            .run_audited_until_it_sees(
                &USERS_CREATE,
                request.audit,
                now,
                &[
                    &request.id.uuid(),
                    &comparable(request.username),
                    &comparable(request.email),
                    &request.email_verified,
                    &request.password_hash.map(PasswordHash::reveal),
                    &request.must_change_password,
                    &request.given_name.map(comparable),
                    &request.family_name.map(comparable),
                    &document(request.claims),
                    &label(&request.role),
                    &request.actor.kind(),
                    &request.actor.id(),
                ],
            )
            .await;
        let answer = match done {
            Ok(answer) => answer,
            Err(error) => return CreateUserRefusal::of(&error).map(Err).ok_or(error),
        };
        match answer.get("verdict")? {
            "created" => Ok(Ok(())),
            _ => answer.meaning("verdict", CreateUserRefusal::from_answer).map(Err),
        }
    }
}

impl CreateUserRefusal {
    /// What the schema refuses of a person's own words.
    fn of(error: &StoreError) -> Option<Self> {
        let StoreError::Constraint { constraint, .. } = error else { return None };
        match constraint.as_str() {
            "ck_users_username" => Some(Self::BadUsername),
            "ck_users_email" => Some(Self::BadEmail),
            "ck_users_given_name" | "ck_users_family_name" => Some(Self::BadName),
            "ck_users_claims" => Some(Self::BadClaims),
            _ => None,
        }
    }
}
