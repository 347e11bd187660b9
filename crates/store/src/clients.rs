//! Clients (RFC 6749 section 2, RFC 7591).

mod authenticate;
mod bad;
mod create;
mod disable;
mod field;
mod find;
mod metadata;
mod revoke;
mod secret;
mod update;

pub use authenticate::{AuthenticateClient, AuthenticateClientRefusal, AuthenticatedClient, SecretMethod};
pub use create::{CreateClient, CreateClientRefusal};
pub use field::MetadataField;
pub use find::Client;
pub use metadata::ClientMetadata;
pub use secret::RotateSecretRefusal;
pub use update::{UpdateClient, UpdateClientRefusal, UpdatedClient};
