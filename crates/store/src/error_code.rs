//! The error codes of the OAuth documents, and the refusals that lead to them.

/// The `error` of an OAuth error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// RFC 6749 section 5.2.
    InvalidRequest,
    /// RFC 6749 section 5.2.
    InvalidClient,
    /// RFC 6749 section 5.2.
    InvalidGrant,
    /// RFC 6749 section 5.2.
    UnauthorizedClient,
    /// RFC 6749 section 5.2.
    InvalidScope,
    /// RFC 6749 section 5.2: no operation refuses so; an endpoint does, before there is one.
    UnsupportedGrantType,
    /// RFC 6749 section 4.1.2.1, as `UnsupportedGrantType`.
    UnsupportedResponseType,
    /// RFC 6749 section 4.1.2.1: what an endpoint says of a [`StoreError`](crate::StoreError) that is not transient.
    ServerError,
    /// RFC 6749 section 4.1.2.1: what an endpoint says of a [`StoreError`](crate::StoreError) that is.
    TemporarilyUnavailable,
    /// RFC 6749 section 4.1.2.1, RFC 8628 section 3.5.
    AccessDenied,
    /// OpenID Connect Core 3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core 3.1.2.6, as `UnsupportedGrantType`.
    ConsentRequired,
    /// OpenID Connect Core 3.1.2.6, as `UnsupportedGrantType`.
    InteractionRequired,
    /// OpenID Connect Core 3.1.2.6, as `UnsupportedGrantType`.
    AccountSelectionRequired,
    /// RFC 8628 section 3.5.
    AuthorizationPending,
    /// RFC 8628 section 3.5.
    SlowDown,
    /// RFC 8628 section 3.5.
    ExpiredToken,
    /// RFC 8707 section 2.
    InvalidTarget,
    /// RFC 9396 section 5.
    InvalidAuthorizationDetails,
    /// RFC 9449 section 5.
    InvalidDpopProof,
    /// RFC 9449 section 8, as `UnsupportedGrantType`.
    UseDpopNonce,
    /// RFC 7009 section 2.2.1, as `UnsupportedGrantType`.
    UnsupportedTokenType,
    /// RFC 6750 section 3.1: what a resource server says of a token that is [`Inactive`](crate::Inactive).
    InvalidToken,
    /// RFC 6750 section 3.1, as `UnsupportedGrantType`.
    InsufficientScope,
    /// RFC 9470 section 3, as `UnsupportedGrantType`.
    InsufficientUserAuthentication,
    /// RFC 7591 section 3.2.2.
    InvalidRedirectUri,
    /// RFC 7591 section 3.2.2.
    InvalidClientMetadata,
}

impl ErrorCode {
    /// As the wire carries it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares why an operation refuses. Each reason has the word for it that the statement answers, which is the
/// `outcome` in the details of its audit event too. A reason may say more, by a reason of another kind.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident: $($(#[$reason_doc:meta])* $reason:ident $(($more:ident))? = $word:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$reason_doc])* $reason $(($more))?,)+
        }

        impl $name {
            /// Every reason; of those that say more, one.
            pub const ALL: &'static [Self] = &[$(Self::$reason $(($more::ALL[0]))?,)+];

            /// The word for it: `outcome` in the details of the audit event.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$reason { .. } => $word,)+ }
            }

            pub(crate) fn from_answer(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::error::Error for $name {}
    };
}
pub(crate) use reasons;

/// Declares why an operation that a protocol asks for refuses: [`reasons`], each with the error code that the client
/// is told.
macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident: $($(#[$reason_doc:meta])* $reason:ident $(($more:ident))? = $word:literal => $code:ident,)+) => {
        $crate::error_code::reasons! {
            $(#[$doc])* $name: $($(#[$reason_doc])* $reason $(($more))? = $word,)+
        }

        impl $name {
            /// What the client is told.
            #[must_use]
            pub const fn error_code(self) -> $crate::ErrorCode {
                match self { $(Self::$reason { .. } => $crate::ErrorCode::$code,)+ }
            }
        }
    };
}
pub(crate) use refusals;
