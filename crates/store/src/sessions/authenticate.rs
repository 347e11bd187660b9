use authority_entity::sea_orm_active_enums::UserRole;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;
use uuid::Uuid;

use crate::answer::Answer;
use crate::blind::Blind;
use crate::error_code::refusals;
use crate::label::labelled;
use crate::statements::SESSIONS_AUTHENTICATE;
use crate::{SessionId, SessionToken, Store, StoreError, UserId};

/// For how many seconds after a use of a session is written no other one is; a tenth of the idle time-out where
/// that is less. So a session that is used all the time is written once a minute, and one that is not used ends
/// at most this much early.
pub const TOUCH_SECONDS: i32 = 60;

/// A session in which a person is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveSession {
    /// The row.
    pub id: SessionId,
    /// `sid`, which clients see.
    pub sid: String,
    /// Who is signed in.
    pub user: UserId,
    /// Their name.
    pub username: String,
    /// What they may do in Authority itself.
    pub role: UserRole,
    /// They have to set a new password before anything else.
    pub must_change_password: bool,
    /// When they last proved who they are: for `max_age` (OpenID Connect Core 3.1.2.1).
    pub auth_time: DateTime<Utc>,
    /// Authentication context class reference.
    pub acr: Option<String>,
    /// Authentication method references (RFC 8176).
    pub amr: Vec<String>,
    /// When it ends unless it is used again.
    pub idle_expires_at: DateTime<Utc>,
    /// When it ends however much it is used.
    pub expires_at: DateTime<Utc>,
}

refusals! {
    /// Why a cookie is of no session, so that the person has to sign in (OpenID Connect Core 3.1.2.6); or why nothing was
    /// proved in it.
    SessionRefusal:
        /// There is no such session; the cookie may have been made up, or replaced when the person proved again who
        /// they are.
        Unknown = "unknown" => LoginRequired,
        /// The session was ended, or everything of the user revoked.
        Revoked = "revoked" => LoginRequired,
        /// The session is too old.
        Expired = "expired" => LoginRequired,
        /// The session was not used for too long.
        Idle = "idle" => LoginRequired,
        /// The account is erased, or locked by an administrator. A lock that ends by itself keeps guesses at a password
        /// away; who is signed in already stays so.
        UserInactive = "user_inactive" => LoginRequired,
        /// Of [`reauthenticate_session`](Store::reauthenticate_session) alone: the account is locked for a while, after too
        /// many failed logins, perhaps since a moment ago. The session goes on as it was.
        UserLocked = "user_locked" => AccessDenied,
        /// Of [`reauthenticate_session`](Store::reauthenticate_session) alone: `acr` is empty or has more than 255
        /// characters, or NUL; or an `amr` is not of printable ASCII without spaces.
        BadContext = "bad_context" => ServerError,
}

impl Store {
    /// Finds the session of a cookie and writes down that it was used: one statement, which writes only when
    /// [`TOUCH_SECONDS`] have passed since the last write, and then rewrites the row in place (HOT). Of any number of
    /// simultaneous uses one writes; none waits for another.
    ///
    /// It writes no audit event: it happens with every request.
    pub async fn authenticate_session(
        &self,
        token: &SessionToken,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<ActiveSession, SessionRefusal>, StoreError> {
        let blind = Blind::new(random);
        let digest = blind.digest(&token.digest());
        let params: [crate::store::Parameter<'_>; 5] =
            [&now, &token.id().uuid(), &blind.octets(), &&digest[..], &TOUCH_SECONDS];
        let rows = self.run(&SESSIONS_AUTHENTICATE, &params).await?;
        let answer = Answer::only(&SESSIONS_AUTHENTICATE, rows)?;
        if answer.get::<&str>("verdict")? != "active" {
            return answer.meaning("verdict", SessionRefusal::from_answer).map(Err);
        }
        Ok(Ok(ActiveSession {
            id: answer.get::<Uuid>("id")?.into(),
            sid: answer.get("sid")?,
            user: answer.get::<Uuid>("user_id")?.into(),
            username: answer.get("username")?,
            role: answer.meaning("role", labelled)?,
            must_change_password: answer.get("must_change_password")?,
            auth_time: answer.get("auth_time")?,
            acr: answer.get("acr")?,
            amr: answer.get("amr")?,
            idle_expires_at: answer.get("idle_expires_at")?,
            expires_at: answer.get("expires_at")?,
        }))
    }
}
