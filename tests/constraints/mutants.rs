//! The cases are of use only if they fail when the schema is wrong.

use super::catalog::Kind;
use super::engine::Bench;
use super::tables;
#[tokio::test]
async fn the_cases_notice_every_missing_check() {
    let mut bench = Bench::prepare().await;
    let mut unnoticed = Vec::new();
    for table in tables() {
        let checks = bench.catalog.objects.iter();
        let checks =
            checks.filter(|object| object.kind == Kind::Check && object.table.as_deref() == Some(table.name));
        let checks: Vec<_> = checks.map(|check| check.name.clone()).collect();
        for check in checks {
            let drop = format!("ALTER TABLE {} DROP CONSTRAINT {check}", table.name);
            let failures = bench.run_after(&drop, &table, |case| case.about == check).await;
            // Refused by another check, a row would not show that this one is needed.
            if !failures.iter().any(|failure| failure.contains(": is accepted, for ")) {
                unnoticed.push(format!("{}: {check}: {failures:#?}", table.name));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[tokio::test]
async fn the_cases_notice_a_missing_unique_index_or_trigger() {
    let mut bench = Bench::prepare().await;
    let missing = [
        ("clients", "ALTER TABLE clients DROP CONSTRAINT uq_clients_client_id"),
        ("device_codes", "DROP INDEX uq_device_codes_user_code"),
        ("scopes", "DROP TRIGGER tr_scopes_keep_system_on_delete ON scopes"),
        ("scopes", "ALTER TABLE scopes DISABLE TRIGGER tr_scopes_keep_system_on_update"),
        ("sessions", "ALTER TABLE sessions DROP CONSTRAINT uq_sessions_sid"),
        ("users", "DROP INDEX uq_users_lower_email"),
        ("users", "DROP INDEX uq_users_lower_username"),
    ];
    for (table, sql) in missing {
        bench.assert_notices(table, sql).await;
    }
}

#[tokio::test]
async fn the_cases_notice_a_loosened_tightened_or_inverted_condition() {
    let mut bench = Bench::prepare().await;
    let wrong = [
        ("access_tokens", "ck_access_tokens_binding", "num_nonnulls(dpop_jkt, x5t_s256) >= 1"),
        ("access_tokens", "ck_access_tokens_expires_at", "expires_at >= issued_at"),
        ("access_tokens", "ck_access_tokens_user", "user_id IS NOT NULL OR session_id IS NULL"),
        ("audit_logs", "ck_audit_logs_actor", "actor_kind = 'system' OR actor_id IS NULL"),
        (
            "authorization_codes",
            "ck_authorization_codes_expires_at",
            "expires_at > issued_at AND expires_at < issued_at + interval '10 minutes'",
        ),
        ("clients", "ck_clients_keys", "num_nonnulls(jwks, jwks_uri) = 1"),
        ("clients", "ck_clients_redirect_uris", "'' <> ALL (redirect_uris)"),
        ("device_codes", "ck_device_codes_answered", "status <> 'pending' OR answered_at IS NULL"),
        ("refresh_tokens", "ck_refresh_tokens_digest", "octet_length(digest) >= 32"),
        ("scopes", "ck_scopes_name", "name ~ '^[!-~]{1,128}$'"),
        ("sessions", "ck_sessions_revoked", "revoked_at IS NULL OR revocation_reason IS NOT NULL"),
        (
            "settings",
            "ck_settings_value",
            "jsonb_typeof(value) = ANY ('{null,boolean,number,string,array,object}')",
        ),
        ("users", "ck_users_password_hash", "password_hash ~ '^[$]'"),
        ("users", "ck_users_locked_until", "locked_until < locked_at"),
    ];
    for (table, check, condition) in wrong {
        let sql = format!(
            "ALTER TABLE {table} DROP CONSTRAINT {check}, ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID"
        );
        bench.assert_notices(table, &sql).await;
    }
}

#[tokio::test]
async fn the_cases_notice_a_key_or_a_column_that_holds_less() {
    let wrong = [
        ("access_tokens", "ALTER TABLE access_tokens ALTER client_id DROP NOT NULL"),
        ("audit_logs", "ALTER TABLE audit_logs DROP CONSTRAINT pk_audit_logs"),
        ("scopes", "ALTER TABLE scopes ALTER is_system DROP NOT NULL"),
        ("settings", "ALTER TABLE settings DROP CONSTRAINT fk_settings_updated_by"),
        (
            "sessions",
            "ALTER TABLE sessions DROP CONSTRAINT fk_sessions_user_id,
                 ADD CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE",
        ),
        (
            "device_codes",
            "ALTER TABLE device_codes DROP CONSTRAINT fk_device_codes_session_id,
                 ADD CONSTRAINT fk_device_codes_session_id FOREIGN KEY (session_id) REFERENCES sessions
                     ON DELETE SET NULL",
        ),
        (
            "users",
            "ALTER TABLE users ALTER role DROP DEFAULT, ALTER role TYPE text, ALTER role SET DEFAULT 'user'",
        ),
    ];
    for (name, sql) in wrong {
        let table = tables().into_iter().find(|table| table.name == name).expect("cases of the table");
        let mut bench = Bench::prepare_after(sql).await;
        let mut failures = bench.run(&table).await;
        failures.extend(bench.run_generated(&table).await);
        assert!(!failures.is_empty(), "nothing notices {sql}");
    }
}

impl Bench {
    async fn assert_notices(&mut self, table: &str, sql: &str) {
        let table =
            tables().into_iter().find(|candidate| candidate.name == table).expect("cases of the table");
        assert!(self.run(&table).await.is_empty(), "{} is wrong already", table.name);
        assert!(!self.run_after(sql, &table, |_| true).await.is_empty(), "nothing notices {sql}");
    }
}
