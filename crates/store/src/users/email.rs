use chrono::{DateTime, Utc};

use crate::error_code::reasons;
use crate::statements::USERS_VERIFY_EMAIL;
use crate::text::comparable;
use crate::{Audit, Store, StoreError, UserId};

reasons! {
    /// Why an email address does not count as verified.
    VerifyEmailRefusal:
        /// The account is erased or not there.
        UserInactive = "user_inactive",
        /// The account has another address by now.
        EmailChanged = "email_changed",
}

impl Store {
    /// Writes down that a person has proved that an address is theirs (`email_verified`, OpenID Connect Core 5.1): one
    /// statement. When it was first proved stays.
    pub async fn verify_email(
        &self,
        user: UserId,
        email: &str,
        audit: Option<&Audit>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), VerifyEmailRefusal>, StoreError> {
        let answer =
            self.run_audited(&USERS_VERIFY_EMAIL, audit, now, &[&user.uuid(), &comparable(email)]).await?;
        match answer.get("verdict")? {
            "verified" => Ok(Ok(())),
            _ => answer.meaning("verdict", VerifyEmailRefusal::from_answer).map(Err),
        }
    }
}
