//! Finds the PostgreSQL programs of a machine and runs a private server with them.
//!
//! Two kinds of server come out of here. A [`Server`] is kept: one for each workspace and major version, in
//! a state directory, started on demand by whichever command needs a database first. An [`Ephemeral`] is
//! thrown away: it serves one test run and disappears with the process that started it, however that ends.
//!
//! Both run with the programs of the machine, or with an [`Embedded`] PostgreSQL where it has none: the same
//! server in the same way, but for what its [`Engine`] says. A kept one that is embedded ends with its last user.
//!
//! What holds for both:
//!
//! - Nothing here reads the environment. Search path and directories are parameters ([`SearchPath`],
//!   [`UserDirs`]), and PostgreSQL's programs see nothing of the caller's environment either; cargo, which brings an
//!   embedded one, sees what it sees of whoever calls it.
//! - A server listens on a Unix socket in a directory that is private to its operating-system user, where
//!   everybody who gets in is trusted, and on 127.0.0.1, where a password is asked for.
//! - As root, PostgreSQL runs as `postgres` or else as `nobody`, because it refuses to run as root.
//! - No password stands in an argument, an error or a `Debug` text.

#[cfg(not(unix))]
compile_error!("a private PostgreSQL needs Unix sockets and users: use DATABASE_URL on this system");

mod cluster;
mod config;
mod embedded;
mod endpoint;
mod ephemeral;
mod error;
mod files;
mod instance;
mod lifeline;
mod lock;
mod os_user;
mod postmaster;
pub mod programs;
mod server;
mod settings;
mod socket_dir;
mod state_dir;
mod watch;

pub use config::{Config, UserDirs};
pub use embedded::Embedded;
pub use endpoint::{APP_ROLE, DATABASE, Endpoint, OWNER_ROLE, SUPERUSER, SecretUrl};
pub use ephemeral::{DataFile, Ephemeral, EphemeralOptions};
pub use error::{LocalPostgresError, Result};
pub use programs::{Engine, Programs, SearchPath, Version};
pub use server::{Progress, Server, Status};
