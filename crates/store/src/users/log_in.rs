use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::error_code::reasons;
use crate::statements::{USERS_FAIL_LOGIN, USERS_LOG_IN};
use crate::{Audit, Store, StoreError, UserId};

/// What a failed login has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedLogin {
    /// It was counted.
    Counted {
        /// Failed logins in a row, this one included.
        attempts: u32,
    },
    /// The account is locked, by this failure or since before. Failures while it is locked are not counted, and do not
    /// make the lock longer.
    Locked {
        /// Until then; none when an administrator has to lift the lock.
        until: Option<DateTime<Utc>>,
    },
    /// Nobody is called so, or they were erased.
    Unknown,
}

reasons! {
    /// Why a login is refused although the person has proved who they are.
    LogInRefusal:
        /// The account is erased, locked by an administrator, or not there.
        UserInactive = "user_inactive",
        /// The account is locked for a while, after too many failed logins; perhaps since a moment ago.
        UserLocked = "user_locked",
}

impl Store {
    /// Counts a failed login, and locks the account for `security.lockout_duration_minutes` when there were
    /// `security.lockout_threshold` in a row: one statement. The lock ends by itself, and then counting starts again.
    /// It keeps further guesses away; sessions and tokens that exist go on.
    ///
    /// Without a user, because nobody has that name, it writes the event and takes as long. The name does not belong
    /// into the event: people type their password there.
    ///
    /// The event is required, because it is what counts: the same event, given again after an answer was lost,
    /// is counted once, also when both calls run at the same time.
    pub async fn record_failed_login(
        &self,
        user: Option<UserId>,
        audit: &Audit,
        now: DateTime<Utc>,
    ) -> Result<FailedLogin, StoreError> {
        let answer =
            self.run_audited(&USERS_FAIL_LOGIN, Some(audit), now, &[&user.map(UserId::uuid)]).await?;
        match answer.get("verdict")? {
            "unknown" => Ok(FailedLogin::Unknown),
            "counted" => {
                let attempts = u32::try_from(answer.get::<i32>("attempts")?);
                Ok(FailedLogin::Counted {
                    attempts: attempts.map_err(|_| answer.not_understood("attempts"))?,
                })
            }
            "locked" | "already_locked" => Ok(FailedLogin::Locked { until: answer.get("locked_until")? }),
            _ => Err(answer.not_understood("verdict")),
        }
    }

    /// Writes down that a person has signed in, with every factor that they have: starts the count of failures again
    /// and lifts a lock that has ended. One statement.
    ///
    /// The same call again, after its answer was lost, gives the same outcome, and forgets no failure since then.
    pub async fn record_login(
        &self,
        user: UserId,
        address: Option<IpAddr>,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), LogInRefusal>, StoreError> {
        let address = address.map(|address| address.to_string());
        let answer = self.run_audited(&USERS_LOG_IN, audit, now, &[&user.uuid(), &address]).await?;
        match answer.get("verdict")? {
            "logged_in" => Ok(Ok(())),
            _ => answer.meaning("verdict", LogInRefusal::from_answer).map(Err),
        }
    }
}
