use crate::error_code::reasons;

reasons! {
    /// What of a registration was refused, by its name in RFC 7591 section 2 where it has one there: for
    /// `error_description` (RFC 7591 section 3.2.2). Of several one is named.
    MetadataField:
        /// Not 1 to 200 characters on one line.
        Name = "client_name",
        /// Not 1 to 2000 characters.
        Description = "description",
        /// Not `http` or `https`, or longer than 2048 characters.
        LogoUri = "logo_uri",
        /// Not `http` or `https`, or longer than 2048 characters.
        ClientUri = "client_uri",
        /// Not `http` or `https`, or longer than 2048 characters.
        PolicyUri = "policy_uri",
        /// Not `http` or `https`, or longer than 2048 characters.
        TosUri = "tos_uri",
        /// Not of printable ASCII without spaces, or more than a hundred.
        Contacts = "contacts",
        /// Not one that this type of client may use, or a secret is missing or too many.
        AuthMethod = "token_endpoint_auth_method",
        /// No set of public keys (RFC 7517), or `jwks_uri` is there as well, or neither is although the method needs it.
        Jwks = "jwks",
        /// Not `https`, or longer than 2048 characters.
        JwksUri = "jwks_uri",
        /// Not there although the method needs it or the other way round, or not 1 to 2000 characters on one line.
        TlsClientAuthSubjectDn = "tls_client_auth_subject_dn",
        /// None; or `client_credentials` for a public client.
        GrantTypes = "grant_types",
        /// Not those that belong to the grant types.
        ResponseTypes = "response_types",
        /// A public client has to use PKCE.
        RequirePkce = "require_pkce",
        /// A public client has to use the method `S256` (RFC 9700 section 2.1.1).
        AllowPlainCodeChallenge = "allow_plain_code_challenge",
        /// `tls_client_certificate_bound_access_tokens` is true as well; a token is bound to one of the two.
        DpopBoundAccessTokens = "dpop_bound_access_tokens",
        /// Not 1 to 600 seconds.
        AuthorizationCodeTtl = "authorization_code_ttl",
        /// Not 1 to 86400 seconds.
        AccessTokenTtl = "access_token_ttl",
        /// Not a second or more, or longer than `refresh_token_absolute_ttl`.
        RefreshTokenTtl = "refresh_token_ttl",
        /// Not a second or more.
        RefreshTokenAbsoluteTtl = "refresh_token_absolute_ttl",
        /// Not 1 to 3600 seconds.
        DeviceCodeTtl = "device_code_ttl",
}

impl MetadataField {
    /// What a constraint of the table is about. None where it is about no metadata, so that the program is at fault.
    pub(super) fn of_constraint(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("ck_clients_")? {
            "name" => Self::Name,
            "public" | "confidential" | "secret" => Self::AuthMethod,
            "keys" | "keys_present" => Self::Jwks,
            "tls_client_auth" => Self::TlsClientAuthSubjectDn,
            "client_credentials" => Self::GrantTypes,
            "code" => Self::ResponseTypes,
            "public_requires_pkce" => Self::RequirePkce,
            "refresh_token_ttls" => Self::RefreshTokenTtl,
            column => return Self::from_answer(column),
        })
    }
}
