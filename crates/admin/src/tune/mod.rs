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
use sqlx::Row;

pub use live::{Live, compare};
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
        let machine = self.machine(database.as_ref(), server.as_ref()).await?;
        let settings = recommend(&machine);
        let live = match &server {
            Some(server) => {
                Some(compare(server.pool(), &settings).await.map_err(|error| Failure::new(&error))?)
            }
            None => None,
        };
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

    async fn machine(&self, database: Option<&Database>, server: Option<&Connected>) -> Outcome<Machine> {
        let facts = match server {
            Some(server) => Some(Facts::of(server).await?),
            None => None,
        };
        let elsewhere = database.filter(|database| {
            !database.config.is_local() || facts.as_ref().is_some_and(|facts| facts.elsewhere)
        });
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
        let connections = self.connections.or(facts.map(|facts| facts.max_connections));
        let connections = connections.unwrap_or(Machine::DEFAULT_CONNECTIONS);
        Machine::new(memory, cores, self.storage, connections).map_err(|error| {
            let failure = Failure::new(&error).as_wrong_usage();
            match error {
                MachineError::Connections { most, .. } => failure.with_fix(format!(
                    "--connections {most}, with PgBouncer in front where more clients connect"
                )),
                MachineError::Memory { .. } | MachineError::Cores { .. } => failure,
            }
        })
    }
}

/// What the server says of itself and of where it is.
struct Facts {
    max_connections: u32,
    /// Whether it has an address of its own: it is behind a pooler on this machine, or in a container.
    elsewhere: bool,
}

impl Facts {
    async fn of(server: &Connected) -> Outcome<Self> {
        let sql = "SELECT pg_catalog.current_setting('max_connections')::bigint AS max_connections,
                          NOT coalesce(inet_server_addr() <<= inet '127.0.0.0/8'
                                       OR inet_server_addr() IN (inet '::1', inet_client_addr()), true) AS elsewhere";
        let read = async {
            let row = sqlx::raw_sql(sql).fetch_one(server.pool()).await?;
            let connections: i64 = row.try_get("max_connections")?;
            let max_connections = u32::try_from(connections).unwrap_or(u32::MAX);
            Ok(Self { max_connections, elsewhere: row.try_get("elsewhere")? })
        };
        read.await.map_err(|error: sqlx::Error| Failure::new(&error))
    }
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
