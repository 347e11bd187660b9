//! A configuration for the programs of PostgreSQL.

use std::path::PathBuf;

use super::{Config, options};
use crate::{SslMode, TargetSessionAttrs};

impl Config {
    /// The environment with which `psql`, `pg_dump` and their like reach the same database, **password included**:
    /// it belongs into the environment of the child, never among its arguments. (PostgreSQL manual, "libpq:
    /// Environment Variables".)
    #[must_use]
    pub fn libpq_variables(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|it| it.display().to_string());
        let join = |parts: Vec<String>| Some(parts.join(","));
        let given = [
            ("PGHOST", join(self.hosts.iter().map(crate::Host::name).collect())),
            ("PGPORT", join(self.hosts.iter().map(|host| host.port().to_string()).collect())),
            ("PGDATABASE", Some(self.database.clone())),
            ("PGUSER", Some(self.user.clone())),
            ("PGPASSWORD", self.password.as_ref().map(|it| it.reveal().to_owned())),
            ("PGPASSFILE", path(&self.password_file).or_else(|| path(&self.default_password_file))),
            ("PGSSLMODE", (self.tls.mode != SslMode::default()).then(|| self.tls.mode.to_string())),
            ("PGSSLROOTCERT", path(&self.tls.root_certificate)),
            ("PGSSLCERT", path(&self.tls.certificate)),
            ("PGSSLKEY", path(&self.tls.key)),
            (
                "PGTARGETSESSIONATTRS",
                (self.target_session_attrs != TargetSessionAttrs::default())
                    .then(|| self.target_session_attrs.to_string()),
            ),
            ("PGAPPNAME", Some(self.application_name.clone())),
            // libpq counts whole seconds.
            ("PGCONNECT_TIMEOUT", Some(self.connect_timeout.as_secs().max(1).to_string())),
            ("PGOPTIONS", (!self.options.is_empty()).then(|| options::print(&self.options))),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
