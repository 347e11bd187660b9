use std::path::PathBuf;
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
    let mut command = Command::new(built());
    command.args(arguments).env_clear().env("DATABASE_URL", database_url).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The path of the program, built from the sources as they are.
fn built() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // Together with this package, so that nothing is built again with other features.
        cargo.args(["build", "--quiet", "--package", "authority-admin", "--bin", "authority-db"]);
        cargo.args([
            "--package",
            env!("CARGO_PKG_NAME"),
            "--test",
            "dev",
            "--features",
            "authority-tests/dev",
        ]);
        cargo.args(["--message-format", "json-render-diagnostics"]);
        let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let messages = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
        let executable = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).expect("cargo prints JSON");
            let program = message.pointer("/target/name")? == "authority-db";
            message.get("executable")?.as_str().filter(|_| program).map(PathBuf::from)
        });
        executable.expect("cargo tells where the program is")
    })
}
