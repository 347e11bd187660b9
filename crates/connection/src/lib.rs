//! `DATABASE_URL` to typed configuration to pool.
//!
//! Nothing else in the workspace reads the environment, parses a database URL or opens a connection:
//!
//! - [`Environment`] holds the variables of the process and of `.env`;
//! - [`Config`] is a database URL, understood and checked, that never prints its password;
//! - [`Config::pool`], [`Config::open`] and [`Config::connection`] connect through sqlx and SeaORM, and
//!   [`Config::client_pool`] through tokio-postgres, for programs whose every operation is one statement; a [`ConnectError`] says in one
//!   sentence why they could not, and in [`ConnectError::fix`] what mends it.

mod client;
mod config;
mod config_error;
mod connect;
mod connect_error;
mod environment;
mod host;
mod password;
mod password_file;
mod pool_settings;
mod session;
mod tls;

pub use client::{ClientPool, PoolError, PoolStatus, PooledClient};
pub use config::{Config, url_has_password};
pub use config_error::ConfigError;
pub use connect::{Database, Server};
pub use connect_error::{ConnectError, Target};
pub use environment::{Environment, EnvironmentError};
pub use host::Host;
pub use password::Password;
pub use pool_settings::PoolSettings;
pub use session::{PreparedStatements, TargetSessionAttrs};
pub use tls::{SslMode, TlsSettings};
