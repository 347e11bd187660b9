//! Standard output that cannot be written.
//!
//! The macros that print panic then. What was under way has been undone on the way out, as by every other failure, so
//! it is reported as one.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use crate::{Failure, Outcome};

/// What the panics of the macros begin with.
const MARK: &str = "failed printing to stdout";

/// Runs a command. Fails as the command does, and when its output cannot be printed.
pub(crate) fn caught(command: impl FnOnce() -> Outcome) -> Outcome {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if text(panic.payload()).is_none() {
            usual(panic);
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|payload| match text(payload.as_ref()) {
        Some(text) => {
            let cause = text.strip_prefix(MARK).unwrap_or(text).trim_start_matches(": ");
            Err(Failure::saying("standard output cannot be written").because(cause))
        }
        None => panic::resume_unwind(payload),
    })
}

fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(String::as_str).filter(|text| text.starts_with(MARK))
}
