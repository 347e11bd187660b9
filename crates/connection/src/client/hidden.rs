//! Parameters of statements that no log shows.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

/// A parameter whose `Debug` is `[hidden]`: at level `debug`, the driver logs the parameters of named statements,
/// and among them are the digests of tokens.
pub(super) struct Hidden<'a>(pub(super) &'a (dyn ToSql + Sync));

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

impl ToSql for Hidden<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql_checked(ty, out)
    }

    /// Whether the value fits is for the value to say, which it does in `to_sql_checked`.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql_checked(ty, out)
    }

    fn encode_format(&self, ty: &Type) -> Format {
        self.0.encode_format(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_sent_as_it_is_and_printed_as_nothing() {
        let mut out = BytesMut::new();
        let digest = "digest".to_owned();
        let hidden = Hidden(&digest);
        assert!(matches!(hidden.to_sql_checked(&Type::TEXT, &mut out), Ok(IsNull::No)));
        assert_eq!(&out[..], b"digest");
        assert_eq!(format!("{hidden:?}"), "[hidden]");
        assert!(hidden.to_sql_checked(&Type::INT4, &mut out).is_err());
    }
}
