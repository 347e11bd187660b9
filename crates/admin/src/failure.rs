use std::error::Error;
use std::iter;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// How a command ended.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked to: what went wrong, the causes beneath it, and what mends it.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    causes: Vec<String>,
    fix: Option<String>,
    code: u8,
}

impl Failure {
    /// A failure told by an error and the errors beneath it.
    ///
    /// Of what the server said, its message and its hint: details and context can quote rows.
    #[must_use]
    pub fn new(error: &(dyn Error + 'static)) -> Self {
        let chain = || iter::successors(Some(error), source);
        let from_server = chain().find_map(said_by_server);
        let text = |error: &dyn Error| match from_server {
            Some(said) => without_place(&error.to_string(), said),
            None => error.to_string(),
        };
        let sentence = text(error);
        let mut causes: Vec<String> = Vec::new();
        for cause in chain().skip(1) {
            let cause = text(cause);
            // Errors of libraries often repeat the cause beneath them in their own sentence.
            if !sentence.contains(&cause) && !causes.iter().any(|earlier| earlier.contains(&cause)) {
                causes.push(cause);
            }
        }
        let hint = from_server.and_then(|said| said.try_downcast_ref::<PgDatabaseError>()?.hint());
        causes.extend(hint.map(|hint| format!("the server's hint: {hint}")));
        Self { sentence, causes, fix: None, code: 1 }
    }

    /// A failure in one sentence.
    #[must_use]
    pub fn saying(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), causes: Vec::new(), fix: None, code: 1 }
    }

    /// A command line that asks for something impossible.
    #[must_use]
    pub fn wrong_usage(sentence: impl Into<String>) -> Self {
        Self::saying(sentence).as_wrong_usage()
    }

    /// The same failure as one of the command line.
    #[must_use]
    pub fn as_wrong_usage(self) -> Self {
        Self { code: 2, ..self }
    }

    /// The same failure with a further cause, unless it has that one.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
        self
    }

    /// The same failure with the command or step that mends it.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<Option<String>>) -> Self {
        self.fix = fix.into();
        self
    }

    /// What went wrong, without the causes and the fix.
    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The same failure, told as what keeps something from being done.
    #[must_use]
    pub(crate) fn preventing(mut self, what: &str) -> Self {
        self.sentence = format!("{what}: {}", self.sentence);
        self
    }

    /// This failure as the cause of another.
    #[must_use]
    pub fn beneath(self, failure: Self) -> Self {
        let causes = std::iter::once(self.sentence).chain(self.causes);
        let fix = failure.fix.clone().or(self.fix);
        Self { fix, ..causes.fold(failure, Self::because) }
    }

    /// Prints the failure to standard error and gives its exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let bold = Style::new().bold();
        eprintln!("{red}error:{red:#} {}", self.sentence);
        for cause in &self.causes {
            eprintln!("  {bold}cause:{bold:#} {cause}");
        }
        for (at, line) in self.fix.iter().flat_map(|fix| fix.lines()).enumerate() {
            let label = if at == 0 { "fix:" } else { "    " };
            eprintln!("  {bold}{label}{bold:#} {line}");
        }
        ExitCode::from(self.code)
    }
}

fn source<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    (**error).source()
}

/// What the server answered, where an error is such an answer.
fn said_by_server<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a dyn DatabaseError> {
    let shared = || error.downcast_ref::<Arc<sqlx::Error>>().map(AsRef::as_ref);
    error.downcast_ref::<sqlx::Error>().or_else(shared)?.as_database_error()
}

/// A text that quotes an answer of the server, without the line of PostgreSQL's own source code that the answer is from.
fn without_place(text: &str, said: &dyn DatabaseError) -> String {
    let with_place = said.to_string();
    let announced = format!("error returned from database: {with_place}");
    text.replace(&announced, said.message()).replace(&with_place, said.message())
}
