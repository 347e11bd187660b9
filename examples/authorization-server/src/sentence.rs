//! Errors as people read them.

use std::error::Error;
use std::fmt::{self, Write};
use std::iter::successors;

/// An error and what caused it, in one sentence on one line.
///
/// It prints what each error says of itself (`Display`) and never how it is built (`Debug`), which may show what a message
/// leaves out on purpose.
pub struct Sentence<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = String::new();
        for error in successors(Some(self.0), |&error| error.source()) {
            let text = error.to_string();
            // Errors of libraries often repeat the cause beneath them in their own words.
            if said.contains(&text) {
                continue;
            }
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&text);
        }
        // A line of the log is of this server alone.
        said.chars().try_for_each(|c| f.write_char(if c.is_control() { ' ' } else { c }))
    }
}

impl fmt::Debug for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use super::Sentence;

    #[derive(Debug)]
    struct Because(&'static str, Option<Box<Because>>);

    impl fmt::Display for Because {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Because {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn an_error_is_told_with_its_causes_each_once_and_on_one_line() {
        let cause = |text, cause| Some(Box::new(Because(text, cause)));
        let error = Because("no pool: no way", cause("no way", cause("the host\nis down", None)));
        assert_eq!(Sentence(&error).to_string(), "no pool: no way: the host is down");
        assert_eq!(format!("{:?}", Sentence(&error)), Sentence(&error).to_string());
    }
}
