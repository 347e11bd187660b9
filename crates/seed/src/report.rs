use authority_password::Password;
use uuid::Uuid;

/// What a seed made, kept as it was, and did not do although it was asked to.
#[derive(Debug)]
pub struct Report {
    /// The administrator.
    pub admin: AdminOutcome,
    /// The scopes, by name.
    pub scopes: Names,
    /// The settings, by key.
    pub settings: Names,
    /// What was asked for and not done, because a person's change would have been lost.
    pub skipped: Vec<Skipped>,
}

/// What became of the administrator.
#[derive(Debug)]
pub enum AdminOutcome {
    /// There was no super administrator, and now there is.
    Made {
        /// `users.id`.
        id: Uuid,
        /// The name to sign in with.
        username: String,
        /// The email address.
        email: String,
        /// The password, where none was given: this value is all there is of it. It has to be changed at the first
        /// login.
        generated_password: Option<Password>,
    },
    /// There is a super administrator already.
    Kept {
        /// `users.id`.
        id: Uuid,
        /// The name to sign in with.
        username: String,
        /// The email address.
        email: String,
    },
}

/// Rows of one table, in the order in which this software lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Those that were missing.
    pub made: Vec<&'static str>,
    /// Those that were there, and are as they were.
    pub kept: Vec<&'static str>,
}

/// Something that was asked for and not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// A variable asks for another value than the setting has.
    Setting {
        /// The setting.
        key: &'static str,
        /// The environment variable.
        variable: &'static str,
    },
    /// A password was given, and the administrator has one.
    Password,
    /// An administrator of another name was asked for than there is.
    AdminName,
}

impl Report {
    /// Whether anything was made.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        let made_admin = matches!(self.admin, AdminOutcome::Made { .. });
        made_admin || !self.scopes.made.is_empty() || !self.settings.made.is_empty()
    }
}

impl Names {
    /// All names, divided into those that the server says it inserted and the others.
    pub(crate) fn divided(all: impl Iterator<Item = &'static str>, inserted: &[String]) -> Self {
        let (made, kept) = all.partition(|name| inserted.iter().any(|one| one == name));
        Self { made, kept }
    }
}
