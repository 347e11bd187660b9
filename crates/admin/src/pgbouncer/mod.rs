//! `pgbouncer`: the pooler's configuration, and whether the one in front works.

mod check;
mod finding;
mod ini;
mod version;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anstream::{eprintln, print, println};
use clap::Args;

pub use version::Version;

use crate::context::Context;
use crate::{Failure, Outcome};
use finding::Verdict;
use ini::Pooler;

pub(crate) const EXAMPLES: &str = "Examples:
  pgbouncer > pgbouncer.ini
  pgbouncer --check --database-url postgres://authority@localhost:6432/authority_db";

/// What `pgbouncer` is given.
#[derive(Args, Debug)]
pub struct PgbouncerArgs {
    /// Check the pooler that DATABASE_URL leads to, instead of printing a configuration
    #[arg(long, conflicts_with_all = ["pool_size", "max_clients", "listen_addr", "listen_port", "auth_file", "pgbouncer_version"])]
    check: bool,
    /// Print the findings of --check as JSON
    #[arg(long, requires = "check")]
    json: bool,
    /// Server connections for each pair of a database and a role; a migration takes three
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    pool_size: u32,
    /// Clients at the most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_clients: u32,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen_addr: IpAddr,
    /// Port to listen on
    #[arg(long, value_name = "PORT", default_value_t = 6432)]
    listen_port: u16,
    /// The file with the roles and their verifiers
    #[arg(long, value_name = "FILE", default_value = "/etc/pgbouncer/userlist.txt")]
    auth_file: PathBuf,
    /// The version that will read the configuration; that of this machine's PgBouncer, where it has one
    #[arg(long, value_name = "VERSION")]
    pgbouncer_version: Option<Version>,
}

impl PgbouncerArgs {
    /// Prints the configuration, or what the check found.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let config = context.database()?.config;
        if self.check {
            let findings = check::check(&config, context.environment()).await?;
            if self.json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&findings).map_err(|error| Failure::new(&error))?
                );
            } else {
                findings.iter().for_each(finding::Finding::print);
            }
            return match findings.iter().filter(|finding| finding.verdict == Verdict::Problem).count() {
                0 => Ok(()),
                1 => Err(Failure::saying("the check found a problem")),
                problems => Err(Failure::saying(format!("the check found {problems} problems"))),
            };
        }
        let path = context.environment().path();
        let pooler = Pooler {
            listen_addr: self.listen_addr,
            listen_port: self.listen_port,
            max_clients: self.max_clients,
            pool_size: self.pool_size,
            auth_file: self.auth_file,
            version: self.pgbouncer_version.or_else(|| Version::installed(path)),
        };
        print!("{}", pooler.ini(&config)?);
        if let [first, _, ..] = config.hosts() {
            eprintln!(
                "DATABASE_URL names several hosts; this is for {first} alone, because PgBouncer takes turns"
            );
        }
        Ok(())
    }
}
