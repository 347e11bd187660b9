//! The settings of a running server beside the recommended ones.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgPool, Row};

use super::Setting;

/// What a server says of one setting (PostgreSQL manual, "`pg_settings`").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Live {
    /// The value, as `SHOW` prints it.
    pub value: String,
    /// Where it comes from: `default`, `configuration file`, `command line`, `database` and so on.
    pub source: String,
    /// Whether the configuration files hold another value that waits for a restart.
    pub pending_restart: bool,
    /// Whether it is what is recommended.
    pub as_recommended: bool,
    #[serde(skip)]
    most: Option<String>,
}

impl Live {
    /// Whether something stronger than the configuration files set it, so that `ALTER SYSTEM` has no effect.
    pub(super) fn is_overridden(&self) -> bool {
        !matches!(self.source.as_str(), "default" | "configuration file")
    }

    /// Whether the server can do what is recommended at all: without `posix_fadvise`, `effective_io_concurrency`
    /// has to be 0.
    pub(super) fn is_possible(&self) -> bool {
        self.most.as_deref() != Some("0")
    }
}

/// What the server says of each of these settings, by name. One that it does not know is absent.
///
/// Any role may ask. Fails when the server does.
pub async fn compare(pool: &PgPool, settings: &[Setting]) -> sqlx::Result<BTreeMap<&'static str, Live>> {
    let names: Vec<_> = settings.iter().map(|setting| format!("'{}'", setting.name)).collect();
    // The names are constants of this program.
    let sql = format!(
        "SELECT name, setting, unit, pg_catalog.current_setting(name) AS shown, source, pending_restart,
                max_val AS most
         FROM pg_catalog.pg_settings WHERE name IN ({})",
        names.join(", ")
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(pool).await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let name: String = row.try_get("name")?;
        if let Some(setting) = settings.iter().find(|setting| setting.name == name) {
            found.insert(setting.name, of_row(row, setting)?);
        }
    }
    Ok(found)
}

fn of_row(row: &PgRow, setting: &Setting) -> sqlx::Result<Live> {
    let unit: Option<String> = row.try_get("unit")?;
    let current: String = row.try_get("setting")?;
    Ok(Live {
        value: row.try_get("shown")?,
        source: row.try_get("source")?,
        pending_restart: row.try_get("pending_restart")?,
        as_recommended: setting.value.equals(&current, unit.as_deref()),
        most: row.try_get("most")?,
    })
}
