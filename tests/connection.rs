//! Why a server does not let a client in, provoked on real servers, and which of several servers is chosen.

mod client;
mod hosts;
mod listeners;
mod refusals;
mod remedies;
mod unavailable;

use authority_connection::{Config, ConnectError, Environment};

/// The configuration of a URL, with these variables and no others.
pub(crate) fn config(url: &str, variables: &[(&str, &str)]) -> Config {
    let environment = Environment::from_pairs(variables.iter().copied());
    Config::parse(url, &environment).unwrap_or_else(|error| panic!("{error}: {url}"))
}

/// Whether the error is of the variant of this name.
pub(crate) fn is(error: &ConnectError, variant: &str) -> bool {
    let debug = format!("{error:?}");
    debug.split([' ', '(']).next() == Some(variant)
}

/// What is wrong with an outcome that should be an error of this variant, with this text in its remedy.
fn complaint(outcome: Result<(), ConnectError>, variant: &str, fix: &str) -> Option<String> {
    match outcome {
        Err(error) if is(&error, variant) && error.fix().contains(fix) => None,
        Err(error) => {
            Some(format!("expected {variant} with {fix:?}, got {error}: {error:?}; fix: {}", error.fix()))
        }
        Ok(()) => Some(format!("expected {variant}, came in")),
    }
}

/// Connects in every way that there is, and hangs up.
async fn outcomes(config: &Config) -> [Result<(), ConnectError>; 3] {
    [
        config.connection().await.map(drop),
        config.probe().await.map(drop),
        config.client_pool().await.map(drop),
    ]
}
