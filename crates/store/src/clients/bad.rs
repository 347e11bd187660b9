use authority_entity::sea_orm_active_enums::ClientType;

use super::field::MetadataField;
use super::metadata::ClientMetadata;
use crate::StoreError;
use crate::redirect_uri::may_be_registered;

/// What of a registration is refused.
pub(super) enum Bad {
    RedirectUris,
    Metadata(MetadataField),
}

impl Bad {
    /// What no registration may have, beside or before what the schema refuses. The schema lets it stand, so that a
    /// client of an older time goes on working.
    pub(super) fn of_metadata(metadata: &ClientMetadata) -> Option<Self> {
        let mut uris = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
        if !uris.all(|uri| may_be_registered(uri)) {
            return Some(Self::RedirectUris);
        }
        // The schema would say that the response types belong to no grant type.
        if metadata.grant_types.is_empty() {
            return Some(Self::Metadata(MetadataField::GrantTypes));
        }
        // A token is bound to one key or certificate: nobody could ask for one that is bound to both.
        let is_bound_twice =
            metadata.dpop_bound_access_tokens && metadata.tls_client_certificate_bound_access_tokens;
        if is_bound_twice {
            return Some(Self::Metadata(MetadataField::DpopBoundAccessTokens));
        }
        // Whoever sees its request has the verifier, and nothing else proves who sends the code.
        let is_unproved = metadata.client_type == ClientType::Public && metadata.allow_plain_code_challenge;
        is_unproved.then_some(Self::Metadata(MetadataField::AllowPlainCodeChallenge))
    }

    /// What the schema refuses. None where the error is another.
    pub(super) fn of_error(error: &StoreError) -> Option<Self> {
        let StoreError::Constraint { table, constraint, .. } = error else { return None };
        match table.as_str() {
            "clients" if constraint.contains("redirect_uris") => Some(Self::RedirectUris),
            "clients" => MetadataField::of_constraint(constraint).map(Self::Metadata),
            _ => None,
        }
    }
}
