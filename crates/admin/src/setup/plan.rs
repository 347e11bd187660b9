//! What is missing on a server, as statements, and who may run them.

use super::facts::Facts;
use super::site::{Part, Site};
use crate::quote::{identifier, literal};

/// From here on, the owner of a database owns its schema `public`, in which nobody else can create.
const PRIVATE_PUBLIC: i32 = 150_000;

/// Something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    CreateRole(Part),
    LetLogIn(Part),
    SetPassword(Part),
    CreateDatabase,
}

/// What is missing, in the order in which it has to be made.
pub(super) fn changes(facts: &Facts, site: &Site) -> Vec<Change> {
    let mut changes = Vec::new();
    for part in [Part::Owner, Part::Serving] {
        match facts.role(part) {
            None => changes.push(Change::CreateRole(part)),
            Some(role) => {
                changes.extend((!role.can_log_in).then_some(Change::LetLogIn(part)));
                changes.extend(site.new_passwords().then_some(Change::SetPassword(part)));
            }
        }
    }
    changes.extend(facts.database.is_none().then_some(Change::CreateDatabase));
    changes
}

/// What the role that asked may not do of it, in words; nothing when it may do everything.
pub(super) fn shortcomings(changes: &[Change], facts: &Facts, site: &Site) -> Vec<String> {
    let mut missing = Vec::new();
    for change in changes {
        match change {
            _ if facts.superuser => {}
            Change::CreateRole(_) if !facts.create_role => {
                missing.push("create roles (CREATEROLE)".to_owned());
            }
            Change::CreateRole(_) => {}
            Change::LetLogIn(part) | Change::SetPassword(part) => {
                let own = *change == Change::SetPassword(*part) && facts.me == site.role(*part);
                if !own && !facts.role(*part).is_some_and(|role| role.administrable) {
                    missing.push(format!("alter the role {:?}", site.role(*part)));
                }
            }
            Change::CreateDatabase => {
                if !facts.create_db {
                    missing.push("create databases (CREATEDB)".to_owned());
                }
                let can_give = match &facts.owner {
                    Some(owner) => facts.me == site.role(Part::Owner) || owner.mine || owner.administrable,
                    // Whoever makes a role may give a database to it.
                    None => true,
                };
                if !can_give {
                    missing.push(format!("give a database to the role {:?}", site.role(Part::Owner)));
                }
            }
        }
    }
    missing.dedup();
    missing
}

impl Change {
    /// The statement; `verifier` is that of the password, for those that set one.
    pub(super) fn statement(self, site: &Site, verifier: Option<&str>) -> String {
        let password =
            verifier.map(|verifier| format!(" PASSWORD {}", literal(verifier))).unwrap_or_default();
        match self {
            Self::CreateRole(part) => format!("CREATE ROLE {} LOGIN{password}", identifier(site.role(part))),
            Self::LetLogIn(part) => format!("ALTER ROLE {} LOGIN", identifier(site.role(part))),
            Self::SetPassword(part) => format!("ALTER ROLE {}{password}", identifier(site.role(part))),
            // Of the pristine template: what a site has added to the other one is not known to the migrations.
            Self::CreateDatabase => format!(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'",
                identifier(site.database()),
                identifier(site.role(Part::Owner))
            ),
        }
    }

    /// Whose password it sets, if it sets one.
    pub(super) fn sets_password_of(self) -> Option<Part> {
        match self {
            Self::CreateRole(part) | Self::SetPassword(part) => Some(part),
            Self::LetLogIn(_) | Self::CreateDatabase => None,
        }
    }

    /// What happened, as a verb and what it was done to.
    pub(super) fn told(self, site: &Site) -> (&'static str, String) {
        match self {
            Self::CreateRole(part) => ("made", format!("role {}", site.role(part))),
            Self::LetLogIn(part) => ("altered", format!("role {}, which may log in now", site.role(part))),
            Self::SetPassword(part) => {
                ("altered", format!("role {}, which has a new password", site.role(part)))
            }
            Self::CreateDatabase => {
                ("made", format!("database {}, owned by {}", site.database(), site.role(Part::Owner)))
            }
        }
    }
}

/// The schema `public` for the owner alone to create in.
pub(super) fn schema_statements(site: &Site) -> [String; 2] {
    [
        format!("GRANT USAGE, CREATE ON SCHEMA public TO {}", identifier(site.role(Part::Owner))),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
    ]
}

/// The changes as a script that a superuser runs with psql. A password is in it only if the operator has given one,
/// and only as a verifier.
pub(super) fn script(changes: &[Change], facts: &Facts, site: &Site) -> String {
    let mut lines = vec!["-- as a superuser: psql -v ON_ERROR_STOP=1 -d postgres".to_owned()];
    for change in changes {
        let part = change.sets_password_of();
        let verifier = part.and_then(|part| site.given_password(part)).map(super::password::verifier);
        // There is nothing to set before a password is known.
        if verifier.is_some() || !matches!(change, Change::SetPassword(_)) {
            lines.push(format!("{};", change.statement(site, verifier.as_deref())));
        }
        if let (Some(part), None) = (part, &verifier) {
            lines.push(password_comment(site, part));
        }
    }
    let mut script = lines.join("\n") + "\n";
    if changes.contains(&Change::CreateDatabase) && facts.version_number < PRIVATE_PUBLIC {
        script.push_str(&in_database(site, &schema_statements(site)));
    }
    script
}

/// Everything that may be missing on a server that nobody could look at, as a script that leaves alone what exists.
pub(super) fn script_from_nothing(site: &Site) -> String {
    let mut lines = vec!["-- as a superuser: psql -v ON_ERROR_STOP=1 -d postgres".to_owned()];
    for change in [Change::CreateRole(Part::Owner), Change::CreateRole(Part::Serving), Change::CreateDatabase]
    {
        let part = change.sets_password_of();
        let verifier = part.and_then(|part| site.given_password(part)).map(super::password::verifier);
        let (catalog, column, name) = match part {
            Some(part) => ("pg_roles", "rolname", site.role(part)),
            None => ("pg_database", "datname", site.database()),
        };
        lines.push(format!(
            "SELECT {} WHERE NOT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = {}) \\gexec",
            literal(&change.statement(site, verifier.as_deref())),
            literal(name),
        ));
        lines.extend(part.filter(|_| verifier.is_none()).map(|part| password_comment(site, part)));
    }
    lines.join("\n") + "\n" + &in_database(site, &schema_statements(site))
}

/// How somebody else sets a password that this program does not know. A name may hold anything, a line break too.
fn password_comment(site: &Site, part: Part) -> String {
    let role = identifier(site.role(part)).replace(['\n', '\r'], " ");
    format!("-- its password, in psql: \\password {role}")
}

/// Statements to be run in the database.
pub(super) fn in_database(site: &Site, statements: &[String]) -> String {
    // In the long form, in which a name cannot be taken for something else.
    let value = site.database().replace('\\', r"\\").replace('\'', r"\'");
    let connect = format!("dbname='{value}'").replace('"', "\"\"");
    format!("\\connect -reuse-previous=on \"{connect}\"\n{};\n", statements.join(";\n"))
}
