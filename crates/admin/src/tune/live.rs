//! The settings of a running server beside the recommended ones.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

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
    /// Whether the server has it otherwise, and could have it as recommended.
    pub(crate) fn differs(&self) -> bool {
        !self.as_recommended && self.is_possible()
    }

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

/// What [`Server::read`] reads the answer to. Any role may ask it.
pub const QUESTION: &str = include_str!("live.sql");

/// The settings of a server, and where it is.
#[derive(Debug)]
pub struct Server {
    /// Whether it is on another machine than this one, by its address.
    pub elsewhere: bool,
    /// `max_connections`.
    pub max_connections: u32,
    settings: BTreeMap<String, Found>,
}

/// A row of `pg_settings`.
#[derive(Debug)]
struct Found {
    setting: String,
    unit: Option<String>,
    shown: String,
    source: String,
    pending_restart: bool,
    most: Option<String>,
}

impl Server {
    /// Asks the server.
    pub(super) async fn of(pool: &PgPool) -> sqlx::Result<Self> {
        Self::read(&sqlx::raw_sql(QUESTION).fetch_all(pool).await?)
    }

    /// Reads the answer to [`QUESTION`].
    ///
    /// Fails when it is the answer to another question.
    pub fn read(rows: &[PgRow]) -> sqlx::Result<Self> {
        let mut server = Self { elsewhere: false, max_connections: u32::MAX, settings: BTreeMap::new() };
        for row in rows {
            server.elsewhere = row.try_get("elsewhere")?;
            let found = Found {
                setting: row.try_get("setting")?,
                unit: row.try_get("unit")?,
                shown: row.try_get("shown")?,
                source: row.try_get("source")?,
                pending_restart: row.try_get("pending_restart")?,
                most: row.try_get("most")?,
            };
            server.settings.insert(row.try_get("name")?, found);
        }
        if let Some(found) = server.settings.get("max_connections") {
            server.max_connections = found.setting.parse().unwrap_or(u32::MAX);
        }
        Ok(server)
    }

    /// What it has beside each of these, by name. A setting that it does not know is absent.
    #[must_use]
    pub fn beside(&self, settings: &[Setting]) -> BTreeMap<&'static str, Live> {
        let known = settings.iter().filter_map(|setting| Some((setting, self.settings.get(setting.name)?)));
        known.map(|(setting, found)| (setting.name, found.beside(setting))).collect()
    }
}

impl Found {
    fn beside(&self, recommended: &Setting) -> Live {
        Live {
            value: self.shown.clone(),
            source: self.source.clone(),
            pending_restart: self.pending_restart,
            as_recommended: recommended.value.equals(&self.setting, self.unit.as_deref()),
            most: self.most.clone(),
        }
    }
}
