use authority_entity::sea_orm_active_enums::UserRole;
use authority_entity::secret::{PasswordHash, Sealed};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::answer::Answer;
use crate::label::labelled;
use crate::statements::{USERS_FIND, USERS_FIND_BY_ID};
use crate::{Store, StoreError, UserId};

/// No email is longer.
const LONGEST: usize = 254;

/// How often everything of a user had been revoked: what [`CreateSession`](crate::CreateSession) compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserEpoch(i32);

/// What a login needs to know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserForLogin {
    /// The row.
    pub id: UserId,
    /// Login name.
    pub username: String,
    /// Email address.
    pub email: String,
    /// When the person proved that the address is theirs.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// PHC string; none when the account has no password.
    pub password_hash: Option<PasswordHash>,
    /// The login has to set a new password.
    pub must_change_password: bool,
    /// What the person may do in Authority itself.
    pub role: UserRole,
    /// Whether the account is locked at this moment. A lock that has ended is none.
    pub lock: Lock,
    /// The second factor; none while it is off.
    pub mfa: Option<Mfa>,
    /// The last successful login.
    pub last_login_at: Option<DateTime<Utc>>,
    /// For [`CreateSession`](crate::CreateSession).
    pub epoch: UserEpoch,
}

/// Who somebody is: what the `UserInfo` endpoint may tell (OpenID Connect Core 5.3), of which it gives what the scopes
/// and the requested claims of the access token release (5.4, 5.5).
#[derive(Clone, Debug, PartialEq)]
pub struct UserInfo {
    /// `sub`.
    pub id: UserId,
    /// `preferred_username`.
    pub username: String,
    /// `email`.
    pub email: String,
    /// When the person proved that the address is theirs: `email_verified`.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// `given_name`.
    pub given_name: Option<String>,
    /// `family_name`.
    pub family_name: Option<String>,
    /// Further claims by name: a JSON object.
    pub claims: Value,
    /// What the person may do in Authority itself.
    pub role: UserRole,
    /// Whether the account is locked at this moment. A lock that has ended is none.
    pub lock: Lock,
    /// `updated_at`.
    pub updated_at: DateTime<Utc>,
    /// For [`Subject::User`](crate::Subject::User).
    pub epoch: UserEpoch,
}

/// Whether an account is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It is not.
    Open,
    /// Until then, after too many failed logins.
    Until(DateTime<Utc>),
    /// Until an administrator lifts the lock.
    Administrator,
}

/// The second factor of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mfa {
    /// The TOTP secret (RFC 6238) as the application has encrypted it.
    pub totp_secret: Sealed,
    /// How many backup codes are left.
    pub backup_codes: u32,
}

impl UserEpoch {
    pub(crate) fn number(self) -> i32 {
        self.0
    }
}

impl Store {
    /// Finds who has this username or email address, without regard to case: one statement, two probes of unique
    /// indexes. None when there is nobody, or they were erased; then the caller verifies the password against a hash
    /// of nobody's, so that the time does not tell.
    pub async fn find_user_for_login(
        &self,
        username_or_email: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<UserForLogin>, StoreError> {
        // Nobody is called so, and PostgreSQL takes no NUL.
        if username_or_email.len() > 4 * LONGEST || username_or_email.contains(char::is_control) {
            return Ok(None);
        }
        let rows = self.run(&USERS_FIND, &[&username_or_email]).await?;
        rows.into_iter().next().map(|row| read(&Answer::of(&USERS_FIND, row), now)).transpose()
    }

    /// Who a user is: one statement. None when there is nobody, or they were erased. Of an account that an
    /// administrator has locked nobody has an active token; whoever asks for another reason looks at the lock.
    pub async fn find_user(&self, user: UserId, now: DateTime<Utc>) -> Result<Option<UserInfo>, StoreError> {
        let rows = self.run(&USERS_FIND_BY_ID, &[&user.uuid()]).await?;
        rows.into_iter().next().map(|row| read_info(&Answer::of(&USERS_FIND_BY_ID, row), now)).transpose()
    }
}

fn lock(answer: &Answer, now: DateTime<Utc>) -> Result<Lock, StoreError> {
    Ok(match (answer.get::<Option<DateTime<Utc>>>("locked_at")?, answer.get("locked_until")?) {
        (Some(_), None) => Lock::Administrator,
        (Some(_), Some(until)) if until > now => Lock::Until(until),
        // None at all, or one that has ended.
        (None, _) | (Some(_), Some(_)) => Lock::Open,
    })
}

fn read_info(answer: &Answer, now: DateTime<Utc>) -> Result<UserInfo, StoreError> {
    Ok(UserInfo {
        id: answer.get::<Uuid>("id")?.into(),
        username: answer.get("username")?,
        email: answer.get("email")?,
        email_verified_at: answer.get("email_verified_at")?,
        given_name: answer.get("given_name")?,
        family_name: answer.get("family_name")?,
        claims: answer.get("claims")?,
        role: answer.meaning("role", labelled)?,
        lock: lock(answer, now)?,
        updated_at: answer.get("updated_at")?,
        epoch: UserEpoch(answer.get("revocation_epoch")?),
    })
}

fn read(answer: &Answer, now: DateTime<Utc>) -> Result<UserForLogin, StoreError> {
    let sealed: Option<Vec<u8>> = answer.get("totp_secret_sealed")?;
    let backup_codes = u32::try_from(answer.get::<i32>("backup_codes")?)
        .map_err(|_| answer.not_understood("backup_codes"))?;
    let mfa = answer.get::<Option<DateTime<Utc>>>("mfa_enabled_at")?.and(sealed);
    Ok(UserForLogin {
        id: answer.get::<Uuid>("id")?.into(),
        username: answer.get("username")?,
        email: answer.get("email")?,
        email_verified_at: answer.get("email_verified_at")?,
        password_hash: answer.get::<Option<String>>("password_hash")?.map(PasswordHash::new),
        must_change_password: answer.get("must_change_password")?,
        role: answer.meaning("role", labelled)?,
        lock: lock(answer, now)?,
        mfa: mfa.map(|octets| Mfa { totp_secret: Sealed::new(octets), backup_codes }),
        last_login_at: answer.get("last_login_at")?,
        epoch: UserEpoch(answer.get("revocation_epoch")?),
    })
}
