//! Refresh tokens (RFC 6749 section 1.5): one row for each family, rotated in place.

mod introspect;
mod list;
mod revoke;
mod rotate;

pub use introspect::IntrospectedRefreshToken;
pub use list::ListedFamily;
pub use rotate::{Rotate, RotateRefusal, Rotation};
