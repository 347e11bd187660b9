//! The operations of an OAuth 2.0 and OpenID Connect server on Authority's database.
//!
//! Each is one statement, so one round trip and one transaction, also behind a pooler in transaction mode. A [`Store`]
//! runs them; a file for each aggregate has what they take and give:
//!
//! - [`IssueCode`] and [`Exchange`]: authorization codes;
//! - [`Rotate`]: refresh tokens, whose rotation is idempotent;
//! - [`PresentedAccessToken`], [`IssueAccessToken`]: access tokens and their introspection;
//! - [`IssueDeviceCode`], [`LookUpDeviceCode`], [`AnswerDeviceCode`], [`ExchangeDeviceCode`]: device codes;
//! - [`CreateSession`], [`Reauthenticate`], [`ActiveSession`]: sessions;
//! - [`CreateUser`], [`UserForLogin`], [`ChangePassword`]: users, their logins, passwords and second factors;
//! - [`CreateClient`], [`UpdateClient`], [`AuthenticateClient`]: clients and their secrets;
//! - [`Audit`]: what an operation writes into the audit trail, in its own statement; [`AuditEvent`], [`AuditFilter`]:
//!   events of their own, pages and exports.
//!
//! The clock and the randomness are inputs: nothing in this crate reads either by itself. A credential is a [`Token`]
//! of its kind, whose secret the database never sees. An operation gives an outcome, or a refusal that knows its OAuth
//! [`ErrorCode`], or a [`StoreError`] when it could not be done at all.
//!
//! # What it leaves to you
//!
//! - Whether the client was authenticated, where an operation takes its id; consent; keys and signatures, of JWTs and of
//!   DPoP proofs, and that a `jti` is used once (RFC 9449 section 11.1, RFC 7523 section 3); pushed requests (RFC 9126).
//! - To refuse a request that was not pushed where [`ClientMetadata`] has `require_pushed_authorization_requests`, and a
//!   person who first has to set a new password ([`UserForLogin`]): these are told, and not enforced.
//! - To check a TOTP code, before [`Store::accept_totp_step`] sees to it that its time step is used once.
//!
//! # What a log of the server may show
//!
//! A server that logs statements with their parameters (`log_min_duration_statement`, `auto_explain`) sees no secret of a
//! presented credential: those are blinded. It does see, and so its log is as confidential as a backup:
//!
//! - digests of new secrets, sealed successors and sealed TOTP secrets, from which nobody makes a credential;
//! - password hashes, in `users.create` and `users.change_password`, which invite guessing;
//! - personal data, and what a person typed as their name at a login, in `users.find`: now and then their password.
//!
//! `log_parameter_max_length = 0` and `log_parameter_max_length_on_error = 0` keep all of that out of the log.
//! `Debug` of a request shows no secret either, but personal data: requests are not for logs.
//!
//! ```no_run
//! use authority_connection::{Config, Environment};
//! use authority_store::{ClientId, NewAccessToken, RefreshToken, Rotate, Rotation, Store, AccessToken, system_random};
//!
//! # async fn refresh(presented: &str, client: ClientId, now: chrono::DateTime<chrono::Utc>)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::from_environment(&Environment::from_process()?)?.ok_or("DATABASE_URL is not set")?;
//! let store = Store::new(config.client_pool().await?);
//!
//! let mut random = system_random();
//! let token = RefreshToken::parse(presented)?;
//! let successor = token.successor(&mut random);
//! let access_token = AccessToken::generate(now, &mut random);
//! let request = Rotate {
//!     refresh_token: &token,
//!     successor: &successor,
//!     client,
//!     scopes: None,
//!     resources: None,
//!     sender: None,
//!     access_token: NewAccessToken::Opaque(&access_token),
//!     audience: &["https://api.example".to_owned()],
//!     audit: None,
//! };
//! match store.rotate_refresh_token(&request, now, &mut random).await? {
//!     Ok(Rotation::Rotated(grant)) => println!("{} {}", grant.scopes, *successor.reveal()),
//!     Ok(Rotation::Repeated(grant, successor)) => println!("{} {}", grant.scopes, *successor.reveal()),
//!     Err(refusal) => println!("{}", refusal.error_code()),
//! }
//! # Ok(())
//! # }
//! ```

mod access_tokens;
mod answer;
mod audit;
mod authorization_codes;
mod blind;
mod change;
mod client_identifier;
mod clients;
mod device_codes;
mod error;
mod error_code;
mod grant;
mod ids;
mod label;
mod metrics;
mod pkce;
mod redirect_uri;
mod refresh_tokens;
mod revocation;
mod scopes;
mod seal;
mod sender;
mod sessions;
mod statements;
mod store;
mod text;
mod token;
mod user_code;
mod users;

pub use access_tokens::{
    Inactive, IntrospectedAccessToken, IssueAccessToken, IssueAccessTokenRefusal, PresentedAccessToken,
    Subject,
};
pub use audit::{
    Actor, Audit, AuditActor, AuditCursor, AuditEvent, AuditFilter, AuditPage, AuditRecord, BadAuditCursor,
    EventFilter, ExportError, ExportFormat, Exported, ResourceRef,
};
/// What the entities share with the operations.
pub use authority_entity::{
    sea_orm_active_enums::{
        AuditActorKind, AuditOutcome, ClientType, CodeChallengeMethod, GrantType, ResponseType,
        RevocationReason, TokenEndpointAuthMethod, UserRole,
    },
    secret::{Digest, PasswordHash, PasswordHashes, Sealed},
};
pub use authorization_codes::{Exchange, ExchangeRefusal, Exchanged, IssueCode, IssueCodeRefusal};
pub use change::Change;
pub use client_identifier::{BadClientIdentifier, ClientIdentifier};
pub use clients::{
    AuthenticateClient, AuthenticateClientRefusal, AuthenticatedClient, Client, ClientMetadata, CreateClient,
    CreateClientRefusal, MetadataField, RotateSecretRefusal, SecretMethod, UpdateClient, UpdateClientRefusal,
    UpdatedClient,
};
pub use device_codes::{
    AnswerDeviceCode, AnswerDeviceCodeRefusal, DeviceAnswer, DeviceRequest, ExchangeDeviceCode,
    ExchangeDeviceCodeRefusal, IssueDeviceCode, IssueDeviceCodeRefusal, LookUpDeviceCode,
    LookUpDeviceCodeRefusal,
};
pub use error::StoreError;
pub use error_code::ErrorCode;
pub use grant::{Grant, NewAccessToken};
pub use ids::{
    AccessTokenId, AuditLogId, AuthorizationCodeId, ClientId, DeviceCodeId, RefreshTokenId, SessionId, UserId,
};
pub use metrics::{BUCKETS, Metrics, StatementMetrics};
pub use pkce::{BadPkce, CodeChallenge, CodeVerifier};
pub use refresh_tokens::{IntrospectedRefreshToken, ListedFamily, Rotate, RotateRefusal, Rotation};
pub use revocation::Revocation;
pub use scopes::{BadScope, Scopes};
pub use sender::{BadThumbprint, SenderConstraint, Thumbprint};
pub use sessions::{
    ActiveSession, CreateSession, CreateSessionRefusal, CreatedSession, ListedSession, Reauthenticate,
    SessionRefusal, TOUCH_SECONDS,
};
pub use statements::{STATEMENTS, Statement};
pub use store::Store;
pub use token::{
    AccessToken, AuthorizationCode, ClientSecret, DeviceCode, Kind, Malformed, RefreshToken, SessionToken,
    Token, kind,
};
pub use user_code::{BadUserCode, UserCode};
pub use users::{
    AcceptTotpStepRefusal, ChangePassword, ChangePasswordRefusal, CreateUser, CreateUserRefusal,
    CurrentPassword, Elsewhere, EnableMfaRefusal, FailedLogin, Lock, LogInRefusal, Mfa, Passwords,
    ReplaceBackupCodesRefusal, UseBackupCodeRefusal, UserEpoch, UserForLogin, UserInfo, VerifyEmailRefusal,
};

/// The randomness of the operating system, for production: it panics where there is none to be had.
pub type SystemRandom = rand_core::UnwrapErr<getrandom::SysRng>;

/// The randomness of the operating system.
#[must_use]
pub fn system_random() -> SystemRandom {
    rand_core::UnwrapErr(getrandom::SysRng)
}
