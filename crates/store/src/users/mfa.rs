use authority_entity::secret::{Digest, Sealed};
use chrono::{DateTime, Utc};

use crate::change::Change;
use crate::error_code::reasons;
use crate::statements::{USERS_ACCEPT_TOTP_STEP, USERS_DISABLE_MFA, USERS_ENABLE_MFA};
use crate::{Actor, Audit, Store, StoreError, UserId};

reasons! {
    /// Why a second factor was not switched on.
    EnableMfaRefusal:
        /// The account is erased or not there.
        UserInactive = "user_inactive",
        /// It is on, with another secret or other backup codes: it has to be switched off first, or
        /// [`replace_backup_codes`](Store::replace_backup_codes) to be called.
        AlreadyEnabled = "already_enabled",
        /// There are more than 32 backup codes.
        TooManyCodes = "too_many_codes",
}

reasons! {
    /// Why a TOTP code does not count, although it is right.
    AcceptTotpStepRefusal:
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive",
        /// The account is locked for a while, after too many failed logins; perhaps since a moment ago.
        UserLocked = "user_locked",
        /// The second factor is off.
        NotEnabled = "not_enabled",
        /// A code of this time step or of a later one was accepted before (RFC 6238 section 5.2). It counts as a failed
        /// login: somebody may have looked over a shoulder.
        AlreadyUsed = "already_used",
}

impl Store {
    /// Switches the second factor on, with a TOTP secret (RFC 6238) that the application has encrypted, and at most 32
    /// digests of backup codes: one statement. The code by which the person has shown that they have the secret is
    /// accepted next, by [`accept_totp_step`](Self::accept_totp_step), or else it could be used once more.
    ///
    /// The same call again, after its answer was lost, gives the same outcome, and codes that were used since do not come
    /// back. At another time (`now`) it is `AlreadyEnabled` once a code was used, and it always is once the codes were
    /// replaced.
    pub async fn enable_mfa(
        &self,
        user: UserId,
        totp_secret: &Sealed,
        backup_codes: &[Digest],
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), EnableMfaRefusal>, StoreError> {
        let codes: Vec<&[u8]> = backup_codes.iter().map(Digest::octets).collect();
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &totp_secret.octets(), &codes];
        let answer = self.run_audited(&USERS_ENABLE_MFA, audit, now, &params).await?;
        match answer.get("verdict")? {
            "enabled" => Ok(Ok(())),
            _ => answer.meaning("verdict", EnableMfaRefusal::from_answer).map(Err),
        }
    }

    /// Switches the second factor off and forgets its secret and the backup codes: one statement.
    pub async fn disable_mfa(
        &self,
        user: UserId,
        actor: Actor,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &actor.kind(), &actor.id()];
        Change::read(&self.run_audited(&USERS_DISABLE_MFA, audit, now, &params).await?)
    }

    /// Accepts the time step of a TOTP code that the application has found right (RFC 6238 section 5.2: no code twice),
    /// if it is later than every one that was accepted since the second factor was switched on: one statement. Of any
    /// number of simultaneous presentations of one code exactly one succeeds. A wrong code has no step; the caller counts
    /// it, and `AlreadyUsed`, as a failed login.
    ///
    /// The step is that whose code it was, which is not always that of `now`: the time in seconds, divided by the period
    /// of the secret. One beyond 63 bits counts as the last that there is.
    ///
    /// The event is required, because it tells the same call again, after its answer was lost, from a second use: it
    /// gives the same outcome. It is for this call alone. Where both run at the same time the statement is sent again
    /// to learn what the first has found.
    pub async fn accept_totp_step(
        &self,
        user: UserId,
        step: u64,
        audit: &Audit,
        now: DateTime<Utc>,
    ) -> Result<Result<(), AcceptTotpStepRefusal>, StoreError> {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let params: [crate::store::Parameter<'_>; 2] = [&user.uuid(), &step];
        let answer =
            self.run_audited_until_it_sees(&USERS_ACCEPT_TOTP_STEP, Some(audit), now, &params).await?;
        match answer.get("verdict")? {
            "accepted" => Ok(Ok(())),
            _ => answer.meaning("verdict", AcceptTotpStepRefusal::from_answer).map(Err),
        }
    }
}
