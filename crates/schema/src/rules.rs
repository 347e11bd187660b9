//! What breaks the conventions of the schema. Every rule is a function of the model and finds nothing
//! in a schema that keeps to it.

mod indexes;
mod naming;
mod words;

pub use indexes::{
    cascades_without_index, duplicate_indexes, duplicate_indexes_except, invalid_indexes,
    unindexed_foreign_keys,
};
pub use naming::naming;
pub use words::{columns_without_comment, tables_without_comment, timestamps_without_time_zone};

/// One thing that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What breaks it: `users`, `users.email`, `idx_users_email`.
    pub object: String,
    /// The rule, by the name of its function with hyphens.
    pub rule: &'static str,
    /// What is wrong with the object, and where it helps what to do; a sentence without its subject.
    pub message: String,
}

impl Finding {
    fn new(object: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { object: object.into(), rule, message: message.into() }
    }
}

#[cfg(test)]
mod tests;
