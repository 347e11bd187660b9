use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// The outcome of a program that runs.
    pub(crate) fn of(child: Child) -> Self {
        child.wait_with_output().expect("a program ends").into()
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |octets| String::from_utf8(octets).expect("programs print UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The operator's program, in an environment that holds its `DATABASE_URL` and nothing else, away from
/// any `.env`, without a terminal.
pub(crate) fn authority_db(database_url: &str, arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = alone(PROGRAM.get_or_init(|| built("authority-admin", "authority-db")));
    command.args(arguments).env("DATABASE_URL", database_url);
    command
}

/// The authorization server of `examples/`, alike, on a port that is free.
pub(crate) fn example(database_url: &str, variables: &[(&str, &str)]) -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = alone(PROGRAM.get_or_init(|| built("authority-example", "authority-example")));
    command.env("DATABASE_URL", database_url).env("LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    command
}

fn alone(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The path of a program, built from the sources as they are.
fn built(package: &str, program: &str) -> PathBuf {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--package", package, "--bin", program]);
    let output = cargo.args(["--message-format", "json-render-diagnostics"]).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).expect("cargo prints JSON");
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executable.expect("cargo tells where the program is")
}

/// The cargo of this test run, in its workspace and in the environment of a person who calls it.
///
/// What cargo tells a program about its package would otherwise change the environment of build scripts
/// that look at it, and they, with everything that depends on them, would be built anew on every turn.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let told = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_", "OUT_DIR"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo
}
