//! Enums of the entities as the database calls their values.

use std::borrow::Cow;

use sea_orm::ActiveEnum;
use sea_orm::sea_query::Enum;

/// The label of a value.
pub(crate) fn label(value: &impl ActiveEnum<Value = Enum>) -> Cow<'static, str> {
    value.to_value().value
}
