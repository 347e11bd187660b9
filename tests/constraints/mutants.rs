//! The cases are of use only if they fail when the schema is wrong.

use super::case::Expected;
use super::engine::Bench;
use super::tables;

#[tokio::test]
async fn the_cases_notice_every_missing_check() {
    let mut bench = Bench::prepare().await;
    let mut unnoticed = Vec::new();
    for table in bench.tables() {
        let checks: Vec<_> = bench.catalog.checks(table.name).map(str::to_owned).collect();
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
        ("clients", "uq_clients_client_id", "ALTER TABLE clients DROP CONSTRAINT uq_clients_client_id"),
        ("device_codes", "uq_device_codes_user_code", "DROP INDEX uq_device_codes_user_code"),
        (
            "scopes",
            "tr_scopes_keep_system_on_delete",
            "DROP TRIGGER tr_scopes_keep_system_on_delete ON scopes",
        ),
        (
            "scopes",
            "tr_scopes_keep_system_on_truncate",
            "DROP TRIGGER tr_scopes_keep_system_on_truncate ON scopes",
        ),
        (
            "scopes",
            "tr_scopes_keep_system_on_update",
            "ALTER TABLE scopes DISABLE TRIGGER tr_scopes_keep_system_on_update",
        ),
        ("sessions", "uq_sessions_sid", "ALTER TABLE sessions DROP CONSTRAINT uq_sessions_sid"),
        ("users", "uq_users_lower_email", "DROP INDEX uq_users_lower_email"),
        ("users", "uq_users_lower_username", "DROP INDEX uq_users_lower_username"),
    ];
    for (table, about, sql) in missing {
        bench.assert_notices(table, about, sql).await;
    }
}

#[tokio::test]
async fn the_cases_notice_a_loosened_tightened_or_inverted_condition() {
    let mut bench = Bench::prepare().await;
    let wrong = [
        ("access_tokens", "ck_access_tokens_actor", "jsonb_typeof(actor -> 'sub') = 'string'"),
        (
            "access_tokens",
            "ck_access_tokens_auth_time",
            "num_nonnulls(auth_time, acr) = 0 OR (user_id IS NOT NULL AND refresh_token_id IS NULL)",
        ),
        ("access_tokens", "ck_access_tokens_binding", "num_nonnulls(dpop_jkt, x5t_s256) >= 1"),
        ("access_tokens", "ck_access_tokens_expires_at", "expires_at > issued_at"),
        (
            "access_tokens",
            "ck_access_tokens_expires_at",
            "expires_at >= issued_at AND expires_at <= issued_at + interval '24 hours'",
        ),
        ("access_tokens", "ck_access_tokens_id", "get_byte(uuid_send(id), 6) >> 4 >= 7"),
        ("access_tokens", "ck_access_tokens_user", "user_id IS NOT NULL OR session_id IS NULL"),
        ("audit_logs", "ck_audit_logs_actor", "actor_kind = 'system' OR actor_id IS NULL"),
        (
            "authorization_codes",
            "ck_authorization_codes_consumed",
            "consumed_at <= expires_at OR num_nonnulls(access_token_id, refresh_token_id) = 0",
        ),
        (
            "authorization_codes",
            "ck_authorization_codes_consumed",
            "consumed_at <= expires_at \
             OR (consumed_at IS NULL AND num_nonnulls(access_token_id, refresh_token_id) = 0)",
        ),
        (
            "authorization_codes",
            "ck_authorization_codes_expires_at",
            "expires_at > issued_at AND expires_at < issued_at + interval '10 minutes'",
        ),
        (
            "authorization_codes",
            "ck_authorization_codes_redirect_uri",
            "redirect_uri ~ '^[A-Za-z][A-Za-z0-9+.-]*:[!\"$-~]+$'
                 AND redirect_uri !~ '^(javascript|data|vbscript):'",
        ),
        (
            "clients",
            "ck_clients_grant_types",
            "cardinality(grant_types) BETWEEN 1 AND 100 AND array_position(grant_types, NULL) IS NULL",
        ),
        (
            "clients",
            "ck_clients_code",
            "NOT 'authorization_code' = ANY (grant_types) OR 'code' = ANY (response_types)",
        ),
        (
            "clients",
            "ck_clients_jwks",
            "jsonb_typeof(jwks -> 'keys') = 'array' AND jsonb_array_length(jwks -> 'keys') > 0",
        ),
        ("clients", "ck_clients_keys", "num_nonnulls(jwks, jwks_uri) = 1"),
        (
            "clients",
            "ck_clients_previous_secret",
            "num_nulls(previous_secret_digest, previous_secret_expires_at) IN (0, 2)
                 AND (previous_secret_digest IS NULL OR secret_digest IS NOT NULL)",
        ),
        ("clients", "ck_clients_redirect_uris", "'' <> ALL (redirect_uris)"),
        ("clients", "ck_clients_revocation_epoch", "revocation_epoch <> -1"),
        ("device_codes", "ck_device_codes_answered", "status <> 'pending' OR answered_at IS NULL"),
        ("device_codes", "ck_device_codes_answered_at", "answered_at < expires_at"),
        (
            "device_codes",
            "ck_device_codes_auth_time",
            "(auth_time IS NOT NULL) = (status IN ('approved', 'exchanged'))",
        ),
        ("refresh_tokens", "ck_refresh_tokens_digest", "octet_length(digest) >= 32"),
        ("refresh_tokens", "ck_refresh_tokens_idle_expires_at", "idle_expires_at <= expires_at"),
        ("refresh_tokens", "ck_refresh_tokens_lineage_digest", "octet_length(lineage_digest) <= 32"),
        ("refresh_tokens", "ck_refresh_tokens_lineage_digest", "octet_length(digest) = 32"),
        ("scopes", "ck_scopes_display_name", "char_length(display_name) BETWEEN 1 AND 200"),
        ("scopes", "ck_scopes_name", "name ~ '^[!-~]{1,128}$'"),
        (
            "sessions",
            "ck_sessions_idle_expires_at",
            "idle_expires_at > created_at AND idle_expires_at < expires_at",
        ),
        ("sessions", "ck_sessions_revoked", "revoked_at IS NULL OR revocation_reason IS NOT NULL"),
        (
            "settings",
            "ck_settings_value",
            "jsonb_typeof(value) = ANY ('{null,boolean,number,string,array,object}')",
        ),
        (
            "users",
            "ck_users_not_erased",
            "erased_at IS NOT NULL OR (username NOT LIKE 'erased-%' AND email NOT LIKE '%@erased.invalid')",
        ),
        ("users", "ck_users_password_hash", "password_hash ~ '^[$]'"),
        ("users", "ck_users_locked_until", "locked_until < locked_at"),
        ("users", "ck_users_revocation_epoch", "revocation_epoch > 0"),
    ];
    for (table, check, condition) in wrong {
        bench.assert_notices(table, check, &replace(table, check, condition)).await;
    }
}

#[tokio::test]
async fn the_cases_notice_a_function_of_checks_that_says_yes_to_everything() {
    let mut bench = Bench::prepare().await;
    let tables = bench.tables();
    let mut unnoticed = Vec::new();
    for condition in std::mem::take(&mut bench.catalog.conditions) {
        assert!(!condition.checks.is_empty(), "no check calls {}", condition.name);
        let anything = condition.returning("true");
        for (table, check) in &condition.checks {
            let table = tables.iter().find(|candidate| candidate.name == table).expect("cases of the table");
            let failures = bench.run_after(&anything, table, |case| case.about == *check).await;
            let refusing = table.cases.iter().filter(|case| case.about == *check);
            let refusing = refusing.filter(|case| case.expected == Expected::Refused).count();
            let accepted = failures.iter().filter(|failure| failure.contains(": is accepted, for ")).count();
            let definition = bench.catalog.object(table.name, check).and_then(|it| it.definition.as_deref());
            // What a further condition of the same check refuses stays refused.
            let needed = if definition.is_some_and(|it| it.contains(" AND ")) { 1 } else { refusing };
            if refusing == 0 || accepted < needed {
                unnoticed.push(format!("{}: {check}: {accepted} of {refusing}", condition.name));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

#[tokio::test]
async fn the_cases_notice_every_part_of_a_function_of_checks() {
    let mut bench = Bench::prepare().await;
    let further = [
        (
            "is_authorization_details",
            "jsonb_typeof(details) = 'array' AND NOT jsonb_path_exists(details, \
             'lax $[*] ? (!(exists (@.type ? (@.type() == \"string\"))))')",
        ),
        ("is_printable_list", "array_to_string(list, ' ') ~ '^[!-~ ]*$'"),
        ("is_scope_list", "'' <> ALL (list)"),
        ("is_uri_list", "'' <> ALL (list)"),
    ];
    for condition in std::mem::take(&mut bench.catalog.conditions) {
        let Some(expression) = condition.expression() else { continue };
        let parts: Vec<_> = expression.split(" AND ").collect();
        let without = |at: usize| [&parts[..at], &["true"], &parts[at + 1..]].concat().join(" AND ");
        let further = further.iter().filter(|(name, _)| *name == condition.name);
        let further = further.map(|(_, expression)| (*expression).to_owned());
        let wrong: Vec<_> = (0..parts.len()).map(without).chain(further).collect();
        for (table, check) in &condition.checks {
            for expression in &wrong {
                bench.assert_notices(table, check, &condition.returning(expression)).await;
            }
        }
    }
}

#[tokio::test]
async fn the_cases_notice_every_time_that_may_be_infinite() {
    let mut bench = Bench::prepare().await;
    for table in bench.tables() {
        let check = format!("ck_{}_finite", table.name);
        let columns = &bench.catalog.tables[table.name];
        let times = columns.iter().filter(|column| column.data_type == "timestamp with time zone");
        let times: Vec<_> = times.map(|column| column.name.clone()).collect();
        for left_out in &times {
            let others = times.iter().filter(|time| *time != left_out);
            let others: Vec<_> =
                others.map(|time| format!("isfinite({time})")).chain(["true".into()]).collect();
            let sql = replace(table.name, &check, &others.join(" AND "));
            let failures = bench.run_after(&sql, &table, |case| case.about == check).await;
            assert_eq!(failures.len(), 2, "{}: {left_out}: {failures:#?}", table.name);
        }
    }
}

#[tokio::test]
async fn the_cases_notice_every_part_of_the_pattern_for_names_of_credentials() {
    let mut bench = Bench::prepare().await;
    let check = "ck_audit_logs_details_without_secrets";
    let called = bench.catalog.object("audit_logs", check).and_then(|check| check.definition.clone());
    let called = called.expect("the condition");
    let functions = std::mem::take(&mut bench.catalog.conditions);
    let function = functions.iter().find(|function| called.starts_with(&function.name));
    let function = function.expect("the function that the check calls");
    let condition = function.expression().expect("one expression");
    let audit_logs = super::audit_logs::table();
    let cases: Vec<_> = audit_logs.cases.iter().filter(|case| case.about == check).collect();
    let mut agrees = async |expression: &str| {
        bench.agrees_after(&function.returning(expression), &called, "details", &cases).await
    };
    assert!(agrees(condition).await, "the pattern is wrong already");
    let (before, rest) = condition.split_once("like_regex \"").expect("a pattern");
    let (pattern, after) = rest.split_once('"').expect("the end of the pattern");
    let mut unnoticed = Vec::new();
    for changed in changes(pattern) {
        let condition = format!("{before}like_regex \"{changed}\"{after}");
        if agrees(&condition).await {
            unnoticed.push(changed);
        }
    }
    if agrees(&condition.replace(" flag \"i\"", "")).await {
        unnoticed.push("the flag".to_owned());
    }
    assert!(unnoticed.is_empty(), "nothing notices\n{}", unnoticed.join("\n"));
}

/// The pattern with each word replaced, with each anchor and question mark left out, and with each pair of
/// characters reduced to either.
fn changes(pattern: &str) -> Vec<String> {
    let mut changes = Vec::new();
    let mut word = 0;
    for (at, character) in pattern.char_indices() {
        let (before, after) = (&pattern[..at], &pattern[at + character.len_utf8()..]);
        if matches!(character, '^' | '$' | '?') {
            changes.push(format!("{before}{after}"));
        }
        if let Some(after) = after.strip_prefix("-_]").filter(|_| character == '[') {
            changes.push(format!("{before}[-]{after}"));
            changes.push(format!("{before}[_]{after}"));
        }
        let ends = !after.starts_with(|next: char| next.is_ascii_lowercase());
        if character.is_ascii_lowercase() && ends {
            changes.push(format!("{}zzz{after}", &pattern[..word]));
        }
        if !character.is_ascii_lowercase() {
            word = at + 1;
        }
    }
    changes
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
        ("audit_logs", "ALTER TABLE audit_logs ALTER outcome TYPE text"),
    ];
    for (name, sql) in wrong {
        let table = tables().into_iter().find(|table| table.name == name).expect("cases of the table");
        let mut bench = Bench::prepare_after(sql).await;
        let table = bench.completed(table);
        let mut failures = bench.run(&table).await;
        failures.extend(bench.run_generated(&table).await);
        assert!(!failures.is_empty(), "nothing notices {sql}");
    }
}

/// The statement that gives a check another condition.
fn replace(table: &str, check: &str, condition: &str) -> String {
    format!(
        "ALTER TABLE {table} DROP CONSTRAINT {check}, ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID"
    )
}

impl Bench {
    /// Fails unless the cases about something notice a statement.
    async fn assert_notices(&mut self, table: &str, about: &str, sql: &str) {
        let table = self.tables().into_iter().find(|candidate| candidate.name == table);
        let table = table.expect("cases of the table");
        let failures = self.run_after("SELECT", &table, |case| case.about == about).await;
        assert!(failures.is_empty(), "{about} is wrong already: {failures:#?}");
        let failures = self.run_after(sql, &table, |case| case.about == about).await;
        assert!(!failures.is_empty(), "nothing notices {sql}");
    }
}
