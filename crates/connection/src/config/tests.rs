mod accepted;
mod properties;
mod refused;

use crate::{Config, ConfigError, Environment};

/// Parses without any variable but the user's name.
fn parse(url: &str) -> Result<Config, ConfigError> {
    Config::parse(url, &Environment::from_pairs([("PGUSER", "ada")]))
}

fn parse_with<const N: usize>(url: &str, variables: [(&str, &str); N]) -> Result<Config, ConfigError> {
    let user = std::iter::once(("PGUSER", "ada"));
    Config::parse(url, &Environment::from_pairs(user.chain(variables)))
}
