//! The cargo that runs this program.

use std::process::Command;

use authority_admin::Context;

use crate::tree;

/// Cargo, in the root of the workspace.
///
/// Without what cargo told this program about its package: build scripts look at that, and would, with all that
/// depends on them, run anew on every turn.
pub(crate) fn command(context: &Context) -> Command {
    let told = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_", "OUT_DIR"];
    let environment = context.environment();
    let mut command = Command::new(environment.get_os("CARGO").unwrap_or("cargo".as_ref()));
    command.current_dir(tree::root());
    for name in environment.names() {
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}
