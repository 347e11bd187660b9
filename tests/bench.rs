//! The benchmarks work. How fast anything is depends on the machine, and no test asks.

use crate::support::{cargo, pgbench, skipped};

#[test]
fn a_small_benchmark_measures_every_operation() {
    // Where PostgreSQL has no pgbench, as in a build of the server alone, there is nothing to compare with.
    if pgbench().is_none() {
        return skipped("there is no pgbench");
    }
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "authority-bench", "--"]);
    command.args(["--rows", "1000", "--seconds", "0.05", "--pairs", "1"]);
    let output = command.output().expect("cargo runs");
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert_eq!(told.matches("  ratio   ").count(), 7, "{told}");
    assert_eq!(told.matches("  each    1 statement, 1 round trip, ").count(), 3, "{told}");
    assert!(told.contains("each inactive at its next introspection"), "{told}");
}
