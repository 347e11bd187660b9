mod accounts;
mod backup_codes;
mod erasure;
mod failures;
mod locks;
mod logins;
mod passwords;
mod second_factor;
mod time_steps;

use authority_entity::secret::PasswordHash;
use authority_store::{FailedLogin, UserForLogin};

use super::world::World;

/// A hash that no other number has, of the form that the schema takes.
pub(super) fn hash(number: usize) -> PasswordHash {
    PasswordHash::new(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ${number:043}"))
}

impl World {
    /// What a login of ada finds.
    pub(super) async fn ada(&self) -> UserForLogin {
        self.found("ada").await.expect("ada is there")
    }

    /// What a login under a name finds.
    pub(super) async fn found(&self, name: &str) -> Option<UserForLogin> {
        self.store.find_user_for_login(name, self.now).await.expect("a database")
    }

    /// A login of ada fails.
    pub(super) async fn fail(&mut self) -> FailedLogin {
        let event = self.event();
        self.store.record_failed_login(Some(self.user), &event, self.now).await.expect("a database")
    }

    /// A column of ada's row.
    pub(super) async fn column(&self, column: &str) -> String {
        let sql = format!("SELECT ({column})::text FROM users WHERE id = '{}'", self.user);
        self.database.column(&sql).await.remove(0)
    }
}
