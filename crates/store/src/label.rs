//! Enums of the entities as the database calls their values.

use std::borrow::Cow;

use sea_orm::sea_query::Enum;
use sea_orm::{ActiveEnum, Iterable};

/// The label of a value.
pub(crate) fn label(value: &impl ActiveEnum<Value = Enum>) -> Cow<'static, str> {
    value.to_value().value
}

/// The value that has a label.
pub(crate) fn labelled<E: ActiveEnum<Value = Enum> + Iterable>(text: &str) -> Option<E> {
    E::iter().find(|value| label(value) == text)
}
