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
    /// What the schema lets stand, so that a client of an older time goes on working, and no registration may have.
    pub(super) fn of_metadata(metadata: &ClientMetadata) -> Option<Self> {
        let mut uris = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
        (!uris.all(|uri| may_be_registered(uri))).then_some(Self::RedirectUris)
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
