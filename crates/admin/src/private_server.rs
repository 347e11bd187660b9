//! The private server, and the commands that are about which database is in use.

use std::process::Command;

use anstream::{eprintln, println};
use authority_local_postgres::{Server, programs};
use clap::Args;

use crate::context::{Context, Origin};
use crate::{Failure, Outcome};

/// What `url` prints.
#[derive(Args, Debug)]
pub struct UrlArgs {
    /// Print the TCP address of the private server, which holds a password, instead of its socket
    #[arg(long)]
    tcp: bool,
}

/// What `psql` is given.
#[derive(Args, Debug)]
pub struct PsqlArgs {
    /// Arguments for psql, such as -c 'SELECT 1'
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PSQL_ARGUMENT")]
    arguments: Vec<String>,
}

pub(crate) fn start(context: &Context) -> Outcome {
    let server = staying(context)?;
    println!("{}", server.endpoint().url());
    Ok(())
}

/// The private server for somebody who is given its address: it stays until it is stopped.
fn staying(context: &Context) -> Outcome<Server> {
    let server = context.private_server()?;
    server.let_stay().map_err(|error| Failure::new(&error).with_fix(error.fix()))?;
    Ok(server)
}

pub(crate) fn stop(context: &Context) -> Outcome {
    let stopped = context.stop_private_server()?;
    eprintln!(
        "{}",
        if stopped { "stopped the private server" } else { "the private server was not running" }
    );
    Ok(())
}

pub(crate) fn url(context: &Context, args: &UrlArgs) -> Outcome {
    if args.tcp {
        println!("{}", staying(context)?.endpoint().tcp_url().reveal());
        return Ok(());
    }
    let database = context.database()?;
    if let Origin::PrivateServer(_) = &database.origin {
        staying(context)?;
    }
    println!("{}", database.config.to_url());
    Ok(())
}

pub(crate) fn psql(context: &Context, args: &PsqlArgs) -> Outcome {
    let search = context.search_path();
    let database = context.database()?;
    // The client of the private server's own version, where there is one, understands it best.
    let own = match &database.origin {
        Origin::PrivateServer(programs) => programs.client("psql"),
        Origin::DatabaseUrl => None,
    };
    let psql = own.or_else(|| programs::find_client(&search, "psql")).ok_or_else(|| {
        context.named_folder_lacks("psql").unwrap_or_else(|| {
            Failure::saying("psql is not installed on this machine").with_fix(
                "apt-get install postgresql-client, dnf install postgresql, or brew install libpq".to_owned(),
            )
        })
    })?;
    let status = Command::new(&psql)
        .args(&args.arguments)
        .envs(database.config.libpq_variables())
        .status()
        .map_err(|error| Failure::saying(format!("cannot run {}: {error}", psql.display())))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::saying(format!("psql ended with {status}")))
}
