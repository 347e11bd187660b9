use std::borrow::Cow;

use authority_entity::sea_orm_active_enums::{ClientType, GrantType, ResponseType, TokenEndpointAuthMethod};
use serde_json::Value;

use crate::answer::Answer;
use crate::label::{label, labelled};
use crate::{Scopes, StoreError, UserId};

/// What is registered of a client (RFC 7591 section 2). Lifetimes are in seconds; none takes the setting's.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "a client has as many as it has")]
pub struct ClientMetadata {
    /// `client_name`, which people see on the consent page.
    pub name: String,
    /// What the client is for.
    pub description: Option<String>,
    /// `logo_uri`.
    pub logo_uri: Option<String>,
    /// `client_uri`.
    pub client_uri: Option<String>,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
    /// `contacts`.
    pub contacts: Vec<String>,
    /// Whether the client can keep a secret (RFC 6749 section 2.1).
    pub client_type: ClientType,
    /// `token_endpoint_auth_method`.
    pub auth_method: TokenEndpointAuthMethod,
    /// `jwks`.
    pub jwks: Option<Value>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// `tls_client_auth_subject_dn` (RFC 8705 section 2.1.2).
    pub tls_client_auth_subject_dn: Option<String>,
    /// `redirect_uris`, compared as [`admits_redirect_uri`](Self::admits_redirect_uri) does.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris` (OpenID Connect RP-Initiated Logout 3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<GrantType>,
    /// `response_types`.
    pub response_types: Vec<ResponseType>,
    /// `scope`: what the client may ask for.
    pub allowed_scopes: Scopes,
    /// A code needs a PKCE challenge (RFC 9700 section 2.1.1); always so for a public client.
    pub require_pkce: bool,
    /// The PKCE method `plain` is accepted; never of a public client (RFC 9700 section 2.1.1).
    pub allow_plain_code_challenge: bool,
    /// `require_pushed_authorization_requests` (RFC 9126 section 6).
    pub require_pushed_authorization_requests: bool,
    /// `dpop_bound_access_tokens` (RFC 9449 section 5.2); not with the next one, as a token is bound to one thing.
    pub dpop_bound_access_tokens: bool,
    /// `tls_client_certificate_bound_access_tokens` (RFC 8705 section 3.4).
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Lifetime of a code, of at most 600.
    pub authorization_code_ttl: Option<i32>,
    /// Lifetime of an access token, of at most 86400.
    pub access_token_ttl: Option<i32>,
    /// How long a refresh token lives without being used.
    pub refresh_token_ttl: Option<i32>,
    /// How long a grant lives at most.
    pub refresh_token_absolute_ttl: Option<i32>,
    /// Lifetime of a device code, of at most 3600.
    pub device_code_ttl: Option<i32>,
    /// Who manages the client; none when the operators do.
    pub owner: Option<UserId>,
}

impl ClientMetadata {
    /// A client for authorization codes with PKCE, which is still without redirect URIs and scopes.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        client_type: ClientType,
        auth_method: TokenEndpointAuthMethod,
    ) -> Self {
        Self {
            name: name.into(),
            description: None,
            logo_uri: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            client_type,
            auth_method,
            jwks: None,
            jwks_uri: None,
            tls_client_auth_subject_dn: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec![ResponseType::Code],
            allowed_scopes: Scopes::default(),
            require_pkce: true,
            allow_plain_code_challenge: false,
            require_pushed_authorization_requests: false,
            dpop_bound_access_tokens: false,
            tls_client_certificate_bound_access_tokens: false,
            authorization_code_ttl: None,
            access_token_ttl: None,
            refresh_token_ttl: None,
            refresh_token_absolute_ttl: None,
            device_code_ttl: None,
            owner: None,
        }
    }

    pub(super) fn grant_types(&self) -> Vec<Cow<'static, str>> {
        self.grant_types.iter().map(label).collect()
    }

    pub(super) fn response_types(&self) -> Vec<Cow<'static, str>> {
        self.response_types.iter().map(label).collect()
    }

    pub(super) fn read(answer: &Answer) -> Result<Self, StoreError> {
        let grant_types: Vec<&str> = answer.get("grant_types")?;
        let response_types: Vec<&str> = answer.get("response_types")?;
        Ok(Self {
            name: answer.get("name")?,
            description: answer.get("description")?,
            logo_uri: answer.get("logo_uri")?,
            client_uri: answer.get("client_uri")?,
            policy_uri: answer.get("policy_uri")?,
            tos_uri: answer.get("tos_uri")?,
            contacts: answer.get("contacts")?,
            client_type: answer.meaning("client_type", labelled)?,
            auth_method: answer.meaning("token_endpoint_auth_method", labelled)?,
            jwks: answer.get("jwks")?,
            jwks_uri: answer.get("jwks_uri")?,
            tls_client_auth_subject_dn: answer.get("tls_client_auth_subject_dn")?,
            redirect_uris: answer.get("redirect_uris")?,
            post_logout_redirect_uris: answer.get("post_logout_redirect_uris")?,
            grant_types: grant_types
                .into_iter()
                .map(labelled)
                .collect::<Option<_>>()
                .ok_or_else(|| answer.not_understood("grant_types"))?,
            response_types: response_types
                .into_iter()
                .map(labelled)
                .collect::<Option<_>>()
                .ok_or_else(|| answer.not_understood("response_types"))?,
            allowed_scopes: Scopes::from_column(answer.get("allowed_scopes")?),
            require_pkce: answer.get("require_pkce")?,
            allow_plain_code_challenge: answer.get("allow_plain_code_challenge")?,
            require_pushed_authorization_requests: answer.get("require_pushed_authorization_requests")?,
            dpop_bound_access_tokens: answer.get("dpop_bound_access_tokens")?,
            tls_client_certificate_bound_access_tokens: answer
                .get("tls_client_certificate_bound_access_tokens")?,
            authorization_code_ttl: answer.get("authorization_code_ttl")?,
            access_token_ttl: answer.get("access_token_ttl")?,
            refresh_token_ttl: answer.get("refresh_token_ttl")?,
            refresh_token_absolute_ttl: answer.get("refresh_token_absolute_ttl")?,
            device_code_ttl: answer.get("device_code_ttl")?,
            owner: answer.get::<Option<uuid::Uuid>>("owner_id")?.map(Into::into),
        })
    }
}
