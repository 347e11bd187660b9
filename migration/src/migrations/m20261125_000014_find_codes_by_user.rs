//! How an erasure finds what the codes of a person say.
//!
//! Few codes carry RFC 9396 details or requested claims, so the index costs nothing where there are none. What it
//! covers changes only in an erasure: an exchange stays off it, and is still an update in place (HOT).

use crate::Migration;
use crate::ddl::Script;

pub(super) const MIGRATION: Migration = Migration::new(module_path!(), up, down);

const KEY: &str = "COMMENT ON CONSTRAINT \"fk_authorization_codes_user_id\" ON \"authorization_codes\" IS 'Unindexed: a user is erased, never deleted";

fn up() -> Script {
    Script::new()
        // Codes are not issued or exchanged while it is made: it reads them once, and takes up few.
        .sql("CREATE INDEX \"idx_authorization_codes_user_id\" ON \"authorization_codes\" (\"user_id\") WHERE num_nonnulls(authorization_details, requested_claims) > 0")
        .sql("COMMENT ON INDEX \"idx_authorization_codes_user_id\" IS 'For the erasure of a person: codes that say something of them.'")
        .sql(format!("{KEY}.'"))
}

fn down() -> Script {
    Script::new()
        .sql(format!("{KEY}, and nothing looks codes up by user.'"))
        .sql("DROP INDEX \"idx_authorization_codes_user_id\"")
}
