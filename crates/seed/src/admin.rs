//! The first super administrator.

use authority_connection::Environment;
use authority_password::{Owner, Password, Policy};
use sqlx::{PgConnection, Row};
use thiserror::Error;
use uuid::Uuid;

use crate::{AdminOutcome, Error, Result, Skipped};

/// The username of the administrator, unless another is asked for.
pub const DEFAULT_USERNAME: &str = "admin";

/// The email address of the administrator, unless another is asked for.
pub const DEFAULT_EMAIL: &str = "admin@authority.local";

/// The administrator to make where there is none.
///
/// Where there is a super administrator, whoever that is, this one is not made: a person may have given the first
/// one another name, and a second one would be a way in that nobody looks after.
#[derive(Clone, Debug, Default)]
pub struct NewAdmin {
    username: Option<String>,
    email: Option<String>,
    password: Option<Password>,
}

/// Why an administrator cannot be as asked for. Shows no value: what was typed into the wrong field may be secret.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadAdmin {
    /// Not what `users.username` takes.
    #[error("the administrator's username has to be 1 to 128 characters without spaces and @")]
    Username,
    /// Not what `users.email` takes.
    #[error("the administrator's email address has to be of the form name@domain")]
    Email,
    /// The variable cannot be read.
    #[error("{0} is not valid UTF-8")]
    NotUnicode(&'static str),
}

impl NewAdmin {
    /// The administrator that `ADMIN_USERNAME`, `ADMIN_EMAIL` and `ADMIN_PASSWORD` ask for, each of which may be
    /// missing.
    ///
    /// Fails naming the variable that cannot be understood.
    pub fn from_environment(environment: &Environment) -> std::result::Result<Self, BadAdmin> {
        let get = |name: &'static str| {
            let value = environment.get_os(name).map(|value| value.to_str().map(str::to_owned));
            value.map(|value| value.ok_or(BadAdmin::NotUnicode(name))).transpose()
        };
        let mut admin = Self { password: get("ADMIN_PASSWORD")?.map(Password::new), ..Self::default() };
        if let Some(username) = get("ADMIN_USERNAME")? {
            admin = admin.with_username(username)?;
        }
        if let Some(email) = get("ADMIN_EMAIL")? {
            admin = admin.with_email(email)?;
        }
        Ok(admin)
    }

    /// The same administrator with this username.
    ///
    /// Fails when no user can have it.
    pub fn with_username(self, username: String) -> std::result::Result<Self, BadAdmin> {
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
        if username.is_empty() || username.chars().count() > 128 || username.contains(is_odd) {
            return Err(BadAdmin::Username);
        }
        Ok(Self { username: Some(username), ..self })
    }

    /// The same administrator with this email address.
    ///
    /// Fails when no user can have it.
    pub fn with_email(self, email: String) -> std::result::Result<Self, BadAdmin> {
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        let parts: Vec<&str> = email.split('@').collect();
        let is_address = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
        if !is_address || email.chars().count() > 254 || email.contains(is_odd) {
            return Err(BadAdmin::Email);
        }
        Ok(Self { email: Some(email), ..self })
    }

    /// The same administrator with this password instead of a generated one.
    #[must_use]
    pub fn with_password(self, password: Password) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Fails when a password was given and is too weak.
    pub(crate) fn check_password(&self, policy: Policy) -> Result<()> {
        let owner = Owner { username: self.username(), email: self.email() };
        self.password
            .as_ref()
            .map_or(Ok(()), |given| policy.check(given, &owner).map_err(Error::WeakPassword))
    }

    fn username(&self) -> &str {
        self.username.as_deref().unwrap_or(DEFAULT_USERNAME)
    }

    fn email(&self) -> &str {
        self.email.as_deref().unwrap_or(DEFAULT_EMAIL)
    }
}

/// Makes the administrator where there is no super administrator.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    admin: &NewAdmin,
    policy: Policy,
    skipped: &mut Vec<Skipped>,
) -> Result<AdminOutcome> {
    if let Some(kept) = existing(connection, admin).await.map_err(Error::server)? {
        note_what_is_not_done(admin, &kept, skipped);
        return Ok(kept);
    }
    let (username, email) = (admin.username(), admin.email());
    admin.check_password(policy)?;
    let (password, generated_password) = if let Some(given) = &admin.password {
        (given.clone(), None)
    } else {
        let new = Password::generate(policy.minimum_length()).map_err(Error::Randomness)?;
        (new.clone(), Some(new))
    };
    let hashing = tokio::task::spawn_blocking(move || authority_password::hash(&password));
    let hash = hashing.await.map_err(Error::HashingThread)?.map_err(Error::Hash)?;
    let id = Uuid::now_v7();
    let sql = "INSERT INTO users (id, username, email, password_hash, password_changed_at, must_change_password, role)
               VALUES ($1::uuid, $2, $3, $4, CURRENT_TIMESTAMP, $5, 'super_admin')
               ON CONFLICT DO NOTHING";
    let insert = sqlx::query(sql).bind(id.to_string()).bind(username).bind(email).bind(hash.reveal());
    let insert = insert.bind(generated_password.is_some()).persistent(false);
    let done = insert.execute(connection).await.map_err(Error::server)?;
    let (username, email) = (username.to_owned(), email.to_owned());
    if done.rows_affected() == 0 {
        return Err(Error::NameTaken { username, email });
    }
    Ok(AdminOutcome::Made { id, username, email, generated_password })
}

/// A super administrator that is there: the one that was asked for, or else the oldest.
async fn existing(connection: &mut PgConnection, admin: &NewAdmin) -> sqlx::Result<Option<AdminOutcome>> {
    let sql = "SELECT id::text AS id, username, email FROM users
               WHERE role = 'super_admin' AND erased_at IS NULL
               ORDER BY lower(username) = lower($1) OR lower(email) = lower($2) DESC, id LIMIT 1";
    let select = sqlx::query(sql).bind(admin.username()).bind(admin.email()).persistent(false);
    let Some(row) = select.fetch_optional(connection).await? else { return Ok(None) };
    let id: String = row.try_get("id")?;
    let id = id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Some(AdminOutcome::Kept { id, username: row.try_get("username")?, email: row.try_get("email")? }))
}

fn note_what_is_not_done(admin: &NewAdmin, kept: &AdminOutcome, skipped: &mut Vec<Skipped>) {
    let (AdminOutcome::Kept { username, email, .. } | AdminOutcome::Made { username, email, .. }) = kept;
    let differs =
        |asked: Option<&String>, is: &str| asked.is_some_and(|asked| !asked.eq_ignore_ascii_case(is));
    if differs(admin.username.as_ref(), username) || differs(admin.email.as_ref(), email) {
        skipped.push(Skipped::AdminName);
    }
    if admin.password.is_some() {
        skipped.push(Skipped::Password);
    }
}

#[cfg(test)]
mod tests {
    use authority_connection::Environment;

    use super::{BadAdmin, NewAdmin};

    #[test]
    fn the_environment_names_the_administrator() {
        let environment = Environment::from_pairs([
            ("ADMIN_USERNAME", "ada"),
            ("ADMIN_EMAIL", "ada@example.org"),
            ("ADMIN_PASSWORD", "hunter2"),
        ]);
        let admin = NewAdmin::from_environment(&environment).expect("it is possible");
        assert_eq!((admin.username(), admin.email()), ("ada", "ada@example.org"));
        let shown = format!("{admin:?}");
        assert!(admin.password.is_some() && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn without_variables_it_goes_by_the_names_that_operators_know() {
        let admin = NewAdmin::from_environment(&Environment::default()).expect("it is possible");
        assert_eq!((admin.username(), admin.email()), ("admin", "admin@authority.local"));
        assert!(admin.password.is_none());
    }

    #[test]
    fn a_name_that_no_user_can_have_is_refused() {
        let admin = NewAdmin::default;
        for bad in ["", "a b", "a@b", "a\nb", &"x".repeat(129)] {
            assert_eq!(admin().with_username(bad.to_owned()).unwrap_err(), BadAdmin::Username, "{bad:?}");
        }
        for bad in ["", "ada", "@b", "a@", "a@b@c", "a b@c", "a@b\u{7}", &format!("a@{}", "x".repeat(254))] {
            assert_eq!(admin().with_email(bad.to_owned()).unwrap_err(), BadAdmin::Email, "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_cannot_be_read_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let value = std::ffi::OsString::from_vec(vec![0xff]);
        let environment = Environment::from_pairs([("ADMIN_PASSWORD", value)]);
        let error = NewAdmin::from_environment(&environment).expect_err("it is no text");
        assert_eq!(error, BadAdmin::NotUnicode("ADMIN_PASSWORD"));
    }
}
