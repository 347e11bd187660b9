use authority_entity::secret::Digest;
use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::blind::Blind;
use crate::error_code::reasons;
use crate::statements::{USERS_REPLACE_BACKUP_CODES, USERS_USE_BACKUP_CODE};
use crate::{Actor, Audit, Store, StoreError, UserId};

reasons! {
    /// Why backup codes were not replaced.
    ReplaceBackupCodesRefusal:
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive",
        /// The second factor is off: [`enable_mfa`](Store::enable_mfa) takes codes as well.
        NotEnabled = "not_enabled",
        /// There are more than 32.
        TooManyCodes = "too_many_codes",
}

reasons! {
    /// Why a backup code does not count. While the account is inactive or locked that is all that is told, whatever the
    /// code.
    UseBackupCodeRefusal:
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive",
        /// The account is locked for a while, after too many failed logins; perhaps since a moment ago.
        UserLocked = "user_locked",
        /// It is none of those that are left, or the second factor is off.
        Unknown = "unknown",
}

impl Store {
    /// Uses a backup code, which nobody can use again: one statement. Of any number of simultaneous uses exactly one
    /// succeeds. A wrong code waits for nobody; the caller counts `Unknown` as a failed login.
    ///
    /// The event is required, because it tells the same call again, after its answer was lost, from a second use: it
    /// gives the same outcome. Where both run at the same time the statement is sent again to learn what the first has
    /// found.
    pub async fn use_backup_code(
        &self,
        user: UserId,
        code: &Digest,
        audit: &Audit,
        now: DateTime<Utc>,
        random: &mut impl CryptoRng,
    ) -> Result<Result<(), UseBackupCodeRefusal>, StoreError> {
        let blind = Blind::new(random);
        let digest = blind.digest(code);
        let params: [crate::store::Parameter<'_>; 3] = [&user.uuid(), &blind.octets(), &&digest[..]];
        let audit = audit.about(code.octets());
        let answer =
            self.run_audited_until_it_sees(&USERS_USE_BACKUP_CODE, Some(&audit), now, &params).await?;
        match answer.get("verdict")? {
            "used" => Ok(Ok(())),
            _ => answer.meaning("verdict", UseBackupCodeRefusal::from_answer).map(Err),
        }
    }

    /// Puts new backup codes, at most 32, in the place of all that are left: one statement. The secret of
    /// the second factor, and which time step was accepted last, stay as they are.
    ///
    /// The event is required, because it tells the same call again, after its answer was lost, from another one: it
    /// gives the same outcome, and brings back neither codes that were used since nor codes that were replaced since.
    /// Where both run at the same time the statement is sent again to learn what the first has found.
    pub async fn replace_backup_codes(
        &self,
        user: UserId,
        codes: &[Digest],
        actor: Actor,
        audit: &Audit,
        now: DateTime<Utc>,
    ) -> Result<Result<(), ReplaceBackupCodesRefusal>, StoreError> {
        let codes: Vec<&[u8]> = codes.iter().map(Digest::octets).collect();
        let params: [crate::store::Parameter<'_>; 4] = [&user.uuid(), &codes, &actor.kind(), &actor.id()];
        let answer =
            self.run_audited_until_it_sees(&USERS_REPLACE_BACKUP_CODES, Some(audit), now, &params).await?;
        match answer.get("verdict")? {
            "replaced" => Ok(Ok(())),
            _ => answer.meaning("verdict", ReplaceBackupCodesRefusal::from_answer).map(Err),
        }
    }
}
