use authority_entity::secret::{PasswordHash, PasswordHashes};
use chrono::{DateTime, Utc};

use crate::answer::Answer;
use crate::error_code::reasons;
use crate::statements::{USERS_CHANGE_PASSWORD, USERS_PASSWORDS, USERS_UPGRADE_PASSWORD_HASH};
use crate::{Actor, Audit, Change, SessionId, Store, StoreError, UserId};

/// A new password for a user.
#[derive(Clone, Debug)]
pub struct ChangePassword<'a> {
    /// Whose.
    pub user: UserId,
    /// PHC string of the new password, with a salt of its own.
    pub new: &'a PasswordHash,
    /// What the current one has to be.
    pub current: CurrentPassword<'a>,
    /// The next login has to set another one, as after a reset by an administrator.
    pub must_change: bool,
    /// What happens to the person's other sessions and to their tokens.
    pub elsewhere: Elsewhere,
    /// Who changes it.
    pub actor: Actor,
    /// What to write into the audit trail.
    pub audit: Option<&'a Audit>,
}

/// What the current password has to be for a change of it.
#[derive(Clone, Copy, Debug)]
pub enum CurrentPassword<'a> {
    /// The one with this hash, against which the person's current password was verified.
    Is(&'a PasswordHash),
    /// The account has none yet.
    None,
    /// It does not matter: a reset, by an administrator or by a proof of another kind.
    Any,
}

/// What happens to everything else of a person whose password is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It is revoked: every other session, and every code, refresh token and access token, those for offline access and
    /// those of this session included. Somebody who knew the old password keeps nothing that they got by it. This is
    /// what OWASP asks for, and what there should be a reason against.
    Revoked {
        /// The session in which it happens, where there is one: it stays, so the person stays signed in and
        /// applications get new tokens without asking them.
        but: Option<SessionId>,
    },
    /// It stays, as when a person sets their first password.
    Kept,
}

/// The password hashes of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passwords {
    /// The current one.
    pub current: Option<PasswordHash>,
    /// As many earlier ones, newest first, as `security.password_history_count` says: a new password may be none of
    /// them.
    pub earlier: PasswordHashes,
}

reasons! {
    /// Why a password was not changed.
    ChangePasswordRefusal:
        /// The account is erased or not there; or locked by an administrator, and it is not a reset.
        UserInactive = "user_inactive",
        /// The account is locked for a while, after failed logins, and it is not a reset.
        UserLocked = "user_locked",
        /// The password was changed since the current one was verified.
        CurrentMismatch = "current_mismatch",
}

impl Store {
    /// The hashes that a new password is compared with. None when there is no such user, or they were erased.
    pub async fn passwords_of_user(&self, user: UserId) -> Result<Option<Passwords>, StoreError> {
        let rows = self.run(&USERS_PASSWORDS, &[&user.uuid()]).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let answer = Answer::of(&USERS_PASSWORDS, row);
        let earlier: Vec<String> = answer.get("password_history")?;
        Ok(Some(Passwords {
            current: answer.get::<Option<String>>("password_hash")?.map(PasswordHash::new),
            earlier: PasswordHashes::new(earlier.into_iter().map(PasswordHash::new)),
        }))
    }

    /// Changes a password: one statement, which moves the current one to the earlier ones and revokes what has to be.
    /// Of any number of simultaneous changes of one current password exactly one succeeds.
    ///
    /// The same call again, after its answer was lost, gives the same outcome and changes nothing, also when the password
    /// was changed further meanwhile: no earlier password comes back. It is known by its audit event, or by its new hash,
    /// which is the current one or one of the earlier ones that are kept; where both run at the same time the statement
    /// is sent again to learn what the first has found. Without an event, and once the hash is neither
    /// (`security.password_history_count` changes later, or after
    /// [`upgrade_password_hash`](Self::upgrade_password_hash)), it is a change like any other: `CurrentMismatch`, or
    /// with [`CurrentPassword::Any`] done again.
    ///
    /// Fails as every operation does ([`StoreError`]); a hash that is no PHC string is a `Constraint`.
    pub async fn change_password(
        &self,
        request: &ChangePassword<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), ChangePasswordRefusal>, StoreError> {
        let (matters, current) = match request.current {
            CurrentPassword::Is(hash) => (true, Some(hash.reveal())),
            CurrentPassword::None => (true, None),
            CurrentPassword::Any => (false, None),
        };
        let (revokes, but) = match request.elsewhere {
            Elsewhere::Revoked { but } => (true, but.map(SessionId::uuid)),
            Elsewhere::Kept => (false, None),
        };
        let answer = self
            .run_audited_until_it_sees(
                &USERS_CHANGE_PASSWORD,
                request.audit,
                now,
                &[
                    &request.user.uuid(),
                    &request.new.reveal(),
                    &matters,
                    &current,
                    &request.must_change,
                    &revokes,
                    &but,
                    &request.actor.kind(),
                    &request.actor.id(),
                ],
            )
            .await?;
        match answer.get("verdict")? {
            "changed" => Ok(Ok(())),
            _ => answer.meaning("verdict", ChangePasswordRefusal::from_answer).map(Err),
        }
    }

    /// Puts another hash of the same password in the place of one that is outdated, while the password is at hand: one
    /// statement. To the person nothing has changed: neither the earlier passwords, nor when the password was changed,
    /// nor any session.
    ///
    /// `Already` when `upgraded` stands there; `Unknown` when something else does, as after a change of the password
    /// since `outdated` was verified, which then holds.
    ///
    /// Fails as every operation does ([`StoreError`]); a hash that is no PHC string is a `Constraint`.
    pub async fn upgrade_password_hash(
        &self,
        user: UserId,
        outdated: &PasswordHash,
        upgraded: &PasswordHash,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &outdated.reveal(), &upgraded.reveal()];
        Change::read(&self.run_audited(&USERS_UPGRADE_PASSWORD_HASH, audit, now, &params).await?)
    }
}
