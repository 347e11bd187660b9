//! The common OAuth scopes.

use sqlx::{PgConnection, Row};

use crate::{Error, Names, Result};

/// A scope that every installation has. All of them are system scopes, which can be neither deleted nor renamed.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The scope token.
    pub name: &'static str,
    /// What people see on the consent page.
    pub display_name: &'static str,
    /// What granting it means.
    pub description: &'static str,
    /// The claims that it releases, separated by spaces.
    pub claims: &'static str,
    /// Whether a client that asks for no scope gets it (RFC 6749 section 3.3).
    pub is_default: bool,
    /// Whether a person is asked before it is granted.
    pub requires_consent: bool,
}

/// The scopes of OpenID Connect Core 1.0 (sections 5.4 and 11), and those of Authority itself.
pub const SCOPES: &[Scope] = &[
    // Releases no more than who it is, to a client that was registered: signing in there is consent enough.
    Scope {
        name: "openid",
        display_name: "Sign in",
        description: "Know who you are, by an identifier.",
        claims: "sub",
        is_default: true,
        requires_consent: false,
    },
    Scope {
        name: "profile",
        display_name: "Profile",
        description: "See your name and the other details of your profile.",
        claims: "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at",
        is_default: false,
        requires_consent: true,
    },
    Scope {
        name: "email",
        display_name: "Email address",
        description: "See your email address, and whether it was confirmed.",
        claims: "email email_verified",
        is_default: false,
        requires_consent: true,
    },
    Scope {
        name: "address",
        display_name: "Postal address",
        description: "See your postal address.",
        claims: "address",
        is_default: false,
        requires_consent: true,
    },
    Scope {
        name: "phone",
        display_name: "Telephone number",
        description: "See your telephone number, and whether it was confirmed.",
        claims: "phone_number phone_number_verified",
        is_default: false,
        requires_consent: true,
    },
    // Section 11 asks for consent always.
    Scope {
        name: "offline_access",
        display_name: "Access while you are away",
        description: "Keep the access that you grant while you are not signed in, until you withdraw it.",
        claims: "",
        is_default: false,
        requires_consent: true,
    },
    // Without a question, any client that is allowed to ask could act as an administrator unnoticed.
    Scope {
        name: "authority:admin",
        display_name: "Administration",
        description: "Manage clients, users, scopes and settings of Authority in your name.",
        claims: "",
        is_default: false,
        requires_consent: true,
    },
    Scope {
        name: "authority:super_admin",
        display_name: "Full administration",
        description: "Manage everything in Authority in your name, administrators included.",
        claims: "",
        is_default: false,
        requires_consent: true,
    },
];

/// Makes the scopes that are not there.
pub(crate) async fn insert(connection: &mut PgConnection) -> Result<Names> {
    let sql = "INSERT INTO scopes (name, display_name, description, claims, is_default, is_system, requires_consent)
               SELECT name, display_name, description, string_to_array(claims, ' '), is_default, true, requires_consent
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bool[])
                 AS seed (name, display_name, description, claims, is_default, requires_consent)
               ON CONFLICT DO NOTHING RETURNING name";
    let insert = sqlx::query(sql)
        .bind(column(|scope| scope.name))
        .bind(column(|scope| scope.display_name))
        .bind(column(|scope| scope.description))
        .bind(column(|scope| scope.claims))
        .bind(column(|scope| scope.is_default))
        .bind(column(|scope| scope.requires_consent));
    let rows = insert.persistent(false).fetch_all(connection).await.map_err(Error::server)?;
    let inserted: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get("name")).collect();
    Ok(Names::divided(SCOPES.iter().map(|scope| scope.name), &inserted.map_err(Error::server)?))
}

fn column<T>(field: impl Fn(&Scope) -> T) -> Vec<T> {
    SCOPES.iter().map(field).collect()
}
