//! `tune`: the server's settings for the machine that it has to itself.

mod apply;
mod live;
mod machine;
mod print;
mod rules;
mod setting;
mod size;
mod this_machine;

use anstream::{eprintln, print, println};
use clap::Args;

pub use live::{Live, QUESTION, Server};
pub use machine::{Machine, MachineError, Storage};
pub use rules::recommend;
pub use setting::{Setting, Value};
pub use size::Size;

use crate::context::{Connected, Context, Database};
use crate::{Failure, Outcome};
use print::Report;

pub(crate) const EXAMPLES: &str = "Examples:
  tune                               for this machine, beside what the server has
  tune --memory 1GB --connections 100 > tuned.conf
  tune --memory 64GB --cores 16 --apply";

/// What `tune` is given.
#[derive(Args, Debug)]
pub struct TuneArgs {
    /// Memory of the server's machine, such as 16GB; this machine's, when the server is here
    #[arg(long, value_name = "SIZE")]
    memory: Option<Size>,
    /// Processors of the server's machine; 2 when only its memory is told
    #[arg(long, value_name = "N")]
    cores: Option<u32>,
    /// What the server's data lies on
    #[arg(long, value_enum, default_value_t)]
    storage: Storage,
    /// Connections at the most; as many as the server has now, or 100
    #[arg(long, value_name = "N")]
    connections: Option<u32>,
    /// Write what differs into the server, with ALTER SYSTEM, and reload it
    #[arg(long)]
    apply: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Of a machine of which only the memory is told.
const ASSUMED_CORES: u32 = 2;

impl TuneArgs {
    /// Prints the settings, and beside them those of the server where there is one.
    pub(crate) async fn run(self, context: &Context) -> Outcome {
        let (database, server) = self.server(context).await?;
        let found = match &server {
            Some(server) => Some(Server::of(server.pool()).await.map_err(|error| Failure::new(&error))?),
            None => None,
        };
        let machine = self.machine(database.as_ref(), found.as_ref())?;
        let settings = recommend(&machine);
        let live = found.map(|found| found.beside(&settings));
        let report = Report::new(machine, settings, live);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report).map_err(|error| Failure::new(&error))?);
        } else {
            print!("{}", report.fragment());
        }
        match (&server, self.apply) {
            (Some(server), true) => write(server, &report).await,
            (Some(_), false) => {
                summary(context, &report);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    /// The database and a connection to it. Without `--apply` a server that does not answer is no failure: there
    /// is nothing to compare with then.
    async fn server(&self, context: &Context) -> Outcome<(Option<Database>, Option<Connected>)> {
        let database = match context.database() {
            Ok(database) => database,
            Err(failure) if self.apply || context.names_a_database() => return Err(failure),
            Err(failure) => {
                eprintln!("there is no server to compare with: {}", failure.sentence());
                return Ok((None, None));
            }
        };
        match database.connect().await {
            Ok(server) => Ok((Some(database), Some(server))),
            Err(failure) if self.apply => Err(failure),
            Err(failure) => {
                eprintln!("there is no server to compare with: {}", failure.sentence());
                Ok((Some(database), None))
            }
        }
    }

    fn machine(&self, database: Option<&Database>, server: Option<&Server>) -> Outcome<Machine> {
        let elsewhere = database
            .filter(|database| !database.config.is_local() || server.is_some_and(|server| server.elsewhere));
        let (memory, here) = match (self.memory, elsewhere) {
            (Some(memory), _) => (memory, false),
            (None, Some(database)) => {
                let at = database.config.host();
                let sentence =
                    format!("the server at {at} runs on another machine, whose memory is not known");
                return Err(Failure::wrong_usage(sentence)
                    .with_fix("add its --memory and --cores: --memory 16GB --cores 4".to_owned()));
            }
            (None, None) => {
                let memory = this_machine::memory().ok_or_else(|| {
                    Failure::wrong_usage("this system does not tell its memory")
                        .with_fix("add --memory, such as --memory 16GB".to_owned())
                })?;
                (memory, true)
            }
        };
        let cores = self.cores.unwrap_or_else(|| if here { this_machine::cores() } else { ASSUMED_CORES });
        let connections = self.connections.or(server.map(|server| server.max_connections));
        let connections = connections.unwrap_or(Machine::DEFAULT_CONNECTIONS);
        Machine::new(memory, cores, self.storage, connections).map_err(|error| {
            let failure = Failure::new(&error).as_wrong_usage();
            match error {
                MachineError::Connections { most, .. } => failure.with_fix(format!(
                    "--connections {most}, with PgBouncer in front where more clients connect"
                )),
                MachineError::Memory { .. } => failure.with_fix("--memory 16GB".to_owned()),
                MachineError::Cores { .. } => failure.with_fix("--cores 4".to_owned()),
            }
        })
    }
}

/// This machine, with so many connections at the most and solid-state storage. Nothing where its memory is not known, or
/// no settings are for it.
pub(crate) fn this_machine_with(connections: u32) -> Option<Machine> {
    Machine::new(this_machine::memory()?, this_machine::cores(), Storage::Ssd, connections).ok()
}

fn summary(context: &Context, report: &Report) {
    let differing = report.differing().count();
    if differing == 0 {
        eprintln!("the server has all of these settings");
    } else {
        eprintln!(
            "the server differs in {differing} of {} settings; {} tune --apply writes them",
            report.settings.len(),
            context.program()
        );
    }
}

async fn write(server: &Connected, report: &Report) -> Outcome {
    let (overridden, differing): (Vec<_>, Vec<_>) =
        report.differing().partition(|(_, live)| live.is_overridden());
    for (setting, live) in overridden {
        eprintln!(
            "left {} alone: it comes from the {}, which wins over ALTER SYSTEM",
            setting.name, live.source
        );
    }
    let settings: Vec<Setting> = differing.iter().map(|(setting, _)| (*setting).clone()).collect();
    if settings.is_empty() {
        eprintln!("nothing to change");
        return Ok(());
    }
    let late = apply::apply(server.pool(), &settings).await?;
    let names = |settings: &mut dyn Iterator<Item = &Setting>| {
        settings.map(|setting| setting.name).collect::<Vec<_>>().join(", ")
    };
    eprintln!("changed {}", names(&mut settings.iter()));
    let waiting = names(&mut settings.iter().filter(|setting| setting.needs_restart));
    if !waiting.is_empty() {
        eprintln!("restart the server to make these take effect: {waiting}");
    }
    let late: Vec<_> = late
        .into_iter()
        .filter(|name| settings.iter().any(|setting| setting.name == *name && !setting.needs_restart))
        .collect();
    if !late.is_empty() {
        eprintln!("the server has not taken these over yet; its log says why: {}", late.join(", "));
    }
    Ok(())
}
