//! The system settings: one table in code, whose values the environment may choose for a new database.

mod kind;
mod table;

use authority_connection::Environment;
use authority_password::Policy;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use thiserror::Error;

use crate::{Error, Names, Result, Skipped};
use kind::Kind;
pub use table::SETTINGS;

/// The setting that says how long a password has to be.
const PASSWORD_MIN_LENGTH: &str = "security.password_min_length";

/// Pairs of settings of which the first must not be longer than the second, with what makes one unit of the first
/// from one of the second.
const NOT_LONGER: [(&str, &str, i64); 2] = [
    ("tokens.refresh_token_ttl", "tokens.refresh_token_absolute_ttl", 1),
    ("sessions.idle_timeout_minutes", "sessions.duration_days", 24 * 60),
];

/// A setting as this software knows it. Its category is what stands before the first dot of its key.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// The environment variable that chooses its value when a database is seeded.
    pub variable: Option<&'static str>,
    /// What it does, with its unit.
    pub description: &'static str,
    /// Its value unless the variable says otherwise, as the variable would write it; none is JSON null.
    default: Option<&'static str>,
    kind: Kind,
}

/// The values that a new database gets.
#[derive(Clone, Debug)]
pub struct Settings(Vec<Chosen>);

#[derive(Clone, Debug)]
struct Chosen {
    setting: &'static Setting,
    value: Value,
    /// The variable that chose the value.
    variable: Option<&'static str>,
}

/// Why a variable cannot choose the value of a setting. Shows no value: it may have been meant for another variable.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BadSetting {
    /// Not a value of the setting.
    #[error("{variable} has to be {wanted}")]
    Value {
        /// The variable.
        variable: &'static str,
        /// What it takes.
        wanted: String,
    },
    /// Two settings that cannot be so together.
    #[error("{shorter} must not be longer than {longer}")]
    Contradiction {
        /// The variable that has to have the smaller value.
        shorter: &'static str,
        /// The variable that has to have the larger one.
        longer: &'static str,
    },
}

impl BadSetting {
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Value { variable, .. } => format!("change {variable}, or unset it to take the usual value"),
            Self::Contradiction { shorter, longer } => {
                format!("change {shorter} or {longer}, or unset both to take the usual values")
            }
        }
    }
}

impl Setting {
    /// What stands before the first dot of the key.
    #[must_use]
    pub fn category(&self) -> &'static str {
        self.key.split('.').next().unwrap_or(self.key)
    }

    fn chosen_by(&'static self, environment: &Environment) -> std::result::Result<Chosen, BadSetting> {
        let bad = |variable| BadSetting::Value { variable, wanted: self.kind.wanted() };
        if let Some(variable) = self.variable
            && let Some(text) = environment.get_os(variable)
        {
            let value = text.to_str().and_then(|text| self.kind.value(text)).ok_or_else(|| bad(variable))?;
            return Ok(Chosen { setting: self, value, variable: Some(variable) });
        }
        let value = self.default.and_then(|text| self.kind.value(text)).unwrap_or(Value::Null);
        Ok(Chosen { setting: self, value, variable: None })
    }
}

impl Settings {
    /// The usual values, but for those that the environment chooses.
    ///
    /// Fails naming the first variable whose value is out of the question.
    pub fn from_environment(environment: &Environment) -> std::result::Result<Self, BadSetting> {
        let chosen: std::result::Result<Vec<_>, _> =
            SETTINGS.iter().map(|setting| setting.chosen_by(environment)).collect();
        let settings = Self(chosen?);
        for (shorter, longer, factor) in NOT_LONGER {
            let number = |key: &str| {
                let chosen = settings.0.iter().find(|chosen| chosen.setting.key == key)?;
                Some((chosen.value.as_i64()?, chosen.setting.variable?))
            };
            if let (Some((short, shorter)), Some((long, longer))) = (number(shorter), number(longer))
                && short > long * factor
            {
                return Err(BadSetting::Contradiction { shorter, longer });
            }
        }
        Ok(settings)
    }

    /// The policy for passwords that these settings ask for.
    pub(crate) fn password_policy(&self) -> Policy {
        let chosen = self.0.iter().find(|chosen| chosen.setting.key == PASSWORD_MIN_LENGTH);
        policy(chosen.map(|chosen| &chosen.value))
    }

    fn column<T>(&self, field: impl Fn(&Chosen) -> T) -> Vec<T> {
        self.0.iter().map(field).collect()
    }
}

/// Makes the settings that are not there, and notes the variables that would have changed one that is.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    settings: &Settings,
    skipped: &mut Vec<Skipped>,
) -> Result<Names> {
    let sql = "INSERT INTO settings (key, value, value_type, category, description)
               SELECT key, value::jsonb, value_type::setting_type, category::setting_category, description
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                 AS seed (key, value, value_type, category, description)
               ON CONFLICT DO NOTHING RETURNING key";
    let insert = sqlx::query(sql)
        .bind(settings.column(|chosen| chosen.setting.key))
        .bind(settings.column(|chosen| chosen.value.to_string()))
        .bind(settings.column(|chosen| chosen.setting.kind.type_name()))
        .bind(settings.column(|chosen| chosen.setting.category()))
        .bind(settings.column(|chosen| chosen.setting.description));
    let rows = insert.persistent(false).fetch_all(&mut *connection).await.map_err(Error::server)?;
    let inserted: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get("key")).collect();
    let names =
        Names::divided(settings.0.iter().map(|chosen| chosen.setting.key), &inserted.map_err(Error::server)?);

    let present = values(connection, &names.kept).await.map_err(Error::server)?;
    for chosen in &settings.0 {
        let key = chosen.setting.key;
        if let Some(variable) = chosen.variable
            && present.iter().any(|(present, value)| present == key && *value != chosen.value)
        {
            skipped.push(Skipped::Setting { key, variable });
        }
    }
    Ok(names)
}

/// The policy for passwords that the settings of the database ask for; the usual one where a person left it out.
pub(crate) async fn password_policy(connection: &mut PgConnection) -> Result<Policy> {
    let values = values(connection, &[PASSWORD_MIN_LENGTH]).await.map_err(Error::server)?;
    Ok(policy(values.first().map(|(_, value)| value)))
}

fn policy(minimum_length: Option<&Value>) -> Policy {
    let minimum = minimum_length.and_then(|value| usize::try_from(value.as_i64()?).ok());
    minimum.map_or_else(Policy::default, Policy::new)
}

async fn values(connection: &mut PgConnection, keys: &[&str]) -> sqlx::Result<Vec<(String, Value)>> {
    let sql = "SELECT key, value::text AS value FROM settings WHERE key = ANY ($1::text[])";
    let rows = sqlx::query(sql).bind(keys.to_vec()).persistent(false).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let value: String = row.try_get("value")?;
            let value = serde_json::from_str(&value).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok((row.try_get("key")?, value))
        })
        .collect()
}

#[cfg(test)]
mod tests;
