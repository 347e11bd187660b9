//! What a new database begins with, and what of it a second seed leaves alone.

mod admin;
mod command;
mod kept;
mod secrets;
mod together;

use std::time::Duration;

use authority_connection::Environment;
use authority_seed::{Error, NewAdmin, Prepared, Report, Seed, Settings};

use crate::support::Database;

/// A password that the policy accepts, unlike any other text of the tests.
const GOOD_PASSWORD: &str = "vivid otter drums on marble";

/// Every row that a seed could make or change.
const ROWS: &str = "
    SELECT 'user ' || u::text FROM users u
    UNION ALL SELECT 'scope ' || s::text FROM scopes s
    UNION ALL SELECT 'setting ' || s::text FROM settings s
    UNION ALL SELECT 'event ' || a::text FROM audit_logs a
    ORDER BY 1";

/// The seed that these environment variables ask for.
fn seed(variables: &[(&str, &str)]) -> Seed {
    let environment = Environment::from_pairs(variables.iter().copied());
    Seed {
        admin: NewAdmin::from_environment(&environment).expect("a possible administrator"),
        settings: Settings::from_environment(&environment).expect("possible settings"),
        wait: Duration::from_mins(1),
    }
}

async fn prepare(database: &Database, seed: &Seed) -> Result<Prepared, Error> {
    seed.prepare(database.pool(), &|_| {}).await
}

/// Seeds and commits.
async fn plant(database: &Database, variables: &[(&str, &str)]) -> Report {
    let prepared =
        prepare(database, &seed(variables)).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    prepared.commit().await.expect("a commit")
}

/// Seeds a database that has to refuse it and to stay as it was.
async fn refused(database: &Database, variables: &[(&str, &str)]) -> Error {
    let before = database.column(ROWS).await;
    let error = prepare(database, &seed(variables)).await.expect_err("it is refused");
    assert_eq!(database.column(ROWS).await, before);
    error
}
