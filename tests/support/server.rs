use std::sync::OnceLock;

use authority_local_postgres::{Ephemeral, EphemeralOptions};

use super::programs;

/// The server of this test run: one per process, made on first use, gone with the process.
pub(crate) fn server() -> &'static Ephemeral {
    static SERVER: OnceLock<Ephemeral> = OnceLock::new();
    SERVER.get_or_init(|| {
        Ephemeral::start(programs(), &EphemeralOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    })
}
