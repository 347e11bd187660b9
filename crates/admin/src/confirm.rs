//! Asking before something is lost.

use std::io::{IsTerminal, Write, stdin};

use anstream::eprint;
use authority_connection::Config;
use clap::Args;

use crate::{Failure, Outcome};

/// How a person agrees to lose data.
#[derive(Args, Clone, Debug, Default)]
pub struct Consent {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Name of the database, needed when it is not on this machine
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
}

impl Consent {
    /// Makes sure that the person means this database and accepts what is lost.
    ///
    /// Fails with wrong usage where a person would have to be asked and there is no terminal, where
    /// the name is not that of the database, and where the answer is no.
    pub(crate) fn require(&self, config: &Config, loss: &str) -> Outcome {
        let database = config.database();
        match &self.database {
            Some(name) if name != database => {
                let sentence = format!("--database says {name}, but the database is {database}");
                return Err(Failure::wrong_usage(sentence).with_fix(format!(
                    "name the other one in DATABASE_URL, or this one: --database {database}"
                )));
            }
            None if !config.is_local() => {
                let sentence =
                    format!("database {database} on {} is not on this machine", config.host().name());
                return Err(
                    Failure::wrong_usage(sentence).with_fix(format!("name it: --database {database}"))
                );
            }
            _ => {}
        }
        if self.yes {
            return Ok(());
        }
        if !stdin().is_terminal() {
            return Err(Failure::wrong_usage(format!("this would {loss}")).with_fix("add --yes".to_owned()));
        }
        eprint!("This will {loss}. Type the name of the database to go on: ");
        let mut answer = String::new();
        let read = std::io::stderr().flush().and_then(|()| stdin().read_line(&mut answer));
        read.map_err(|error| Failure::new(&error))?;
        if answer.trim() != database {
            return Err(Failure::saying("nothing was changed: the answer was not the name of the database"));
        }
        Ok(())
    }
}
