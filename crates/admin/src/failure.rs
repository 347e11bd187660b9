use std::error::Error;
use std::process::ExitCode;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};

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
    #[must_use]
    pub fn new(error: &dyn Error) -> Self {
        let sentence = error.to_string();
        let mut causes: Vec<String> = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Errors of libraries often repeat the cause beneath them in their own sentence.
            if !sentence.contains(&text) && !causes.iter().any(|earlier| earlier.contains(&text)) {
                causes.push(text);
            }
            source = cause.source();
        }
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
