//! The migrations, oldest first, one file each. `cargo xtask migrate new NAME` adds the next one.

mod m20261123_000001_users;
mod m20261123_000002_clients;
mod m20261123_000003_scopes;
mod m20261123_000004_sessions;
mod m20261123_000005_refresh_tokens;
mod m20261123_000006_authorization_codes;
mod m20261123_000007_access_tokens;
mod m20261123_000008_device_codes;
mod m20261123_000009_audit_logs;
mod m20261123_000010_settings;
mod m20261125_000011_revocation_epochs;
mod m20261125_000012_cheaper_token_writes;
mod m20261125_000013_confirm_checks;
mod m20261125_000014_find_codes_by_user;
mod m20261126_000015_authentication_of_grants;
mod m20261126_000016_used_time_steps;
mod m20261126_000017_confirm_new_checks;

use crate::Migration;

/// Every migration, oldest first.
pub const ALL: &[Migration] = &[
    m20261123_000001_users::MIGRATION,
    m20261123_000002_clients::MIGRATION,
    m20261123_000003_scopes::MIGRATION,
    m20261123_000004_sessions::MIGRATION,
    m20261123_000005_refresh_tokens::MIGRATION,
    m20261123_000006_authorization_codes::MIGRATION,
    m20261123_000007_access_tokens::MIGRATION,
    m20261123_000008_device_codes::MIGRATION,
    m20261123_000009_audit_logs::MIGRATION,
    m20261123_000010_settings::MIGRATION,
    m20261125_000011_revocation_epochs::MIGRATION,
    m20261125_000012_cheaper_token_writes::MIGRATION,
    m20261125_000013_confirm_checks::MIGRATION,
    m20261125_000014_find_codes_by_user::MIGRATION,
    m20261126_000015_authentication_of_grants::MIGRATION,
    m20261126_000016_used_time_steps::MIGRATION,
    m20261126_000017_confirm_new_checks::MIGRATION,
];
