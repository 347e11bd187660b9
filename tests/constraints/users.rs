mod passwords;

use serde_json::{Value, json};

use super::case::{About, Table, about};
use super::fixtures::{AN_INSTANT_LATER, BEFORE_NOON, ID, NOON, ONE, OTHER_ID, digest, octets, other_digest};
use super::shapes::{json_object, one_line, plain_list, revocation_epoch};
use passwords::{ARGON2ID, BCRYPT};

pub(super) fn table() -> Table {
    Table::new("users", json!({ "id": ID, "username": "ada", "email": "ada@example.com" }))
        .row("full", full())
        .row("erased", erased())
        .another(json!({ "id": OTHER_ID, "username": "grace", "email": "grace@example.com" }))
        .cases(names())
        .cases(passwords::cases())
        .cases(locks())
        .cases(second_factor())
        .cases([revocation_epoch("ck_users_revocation_epoch")])
        .cases([erasure(), reserved_names()])
        .cases([about("user_role")
            .refuses("role", ["root", "Admin", "superadmin"])
            .accepts("role", ["user", "admin", "super_admin"])])
}

fn full() -> Value {
    json!({
        "id": ID,
        "username": "ada",
        "email": "ada@example.com",
        "email_verified_at": NOON,
        "password_hash": ARGON2ID,
        "password_changed_at": NOON,
        "password_history": [BCRYPT],
        "must_change_password": true,
        "given_name": "Ada",
        "family_name": "Lovelace",
        "claims": { "locale": "en" },
        "role": "admin",
        "failed_login_attempts": 3,
        "locked_at": NOON,
        "locked_until": ONE,
        "lock_reason": "Too many failed logins",
        "mfa_enabled_at": NOON,
        "totp_secret_sealed": octets(48),
        "backup_code_digests": [digest()],
        "mfa_last_step": 58_796_640,
        "tokens_revoked_before": NOON,
        "revocation_epoch": 2,
        "last_login_at": NOON,
        "last_login_address": "2001:db8::1",
        "created_at": NOON,
        "updated_at": NOON,
    })
}

fn erased() -> Value {
    json!({
        "id": ID,
        "username": format!("erased-{ID}"),
        "email": format!("{ID}@erased.invalid"),
        "erased_at": NOON,
        "tokens_revoked_before": NOON,
    })
}

fn names() -> Vec<About> {
    let address = |length: usize| format!("{}@example.com", "x".repeat(length - 12));
    vec![
        about("ck_users_username")
            .refuses("username", ["", " ", "a b", "a\tb", "a\n", "\u{7f}", "a\u{1}b", "@", "ada@example.com"])
            .refuses("username", ["x".repeat(129), "é".repeat(129)])
            .accepts("username", ["x".to_owned(), "x".repeat(128), "é".repeat(128)])
            .accepts("username", ["Ada.Lovelace-1815_+", "李"]),
        about("ck_users_email")
            .refuses("email", ["", "a", "ab", "@b", "a@", "abc", "@@@", "a@b@c", "a@@b"])
            .refuses(
                "email",
                ["a b@c", "a@b c", " a@b", "a@b ", "a@b\n", "\na@b", "a@b\nc@d", "a\u{1}@b", "a@\u{7f}"],
            )
            .refuses("email", [address(255)])
            .accepts("email", [address(254), "a@b".to_owned(), "ada+tag@sub.example.com".to_owned()]),
        about("uq_users_lower_email")
            .refuses_beside(json!({ "email": "ada@example.com" }), json!({ "email": "ada@example.com" }))
            .refuses_beside(json!({ "email": "ada@example.com" }), json!({ "email": "Ada@EXAMPLE.com" }))
            .accepts_beside(json!({ "email": "ada@example.com" }), json!({ "email": "ada@example.org" })),
        about("uq_users_lower_username")
            .refuses_beside(json!({ "username": "ada" }), json!({ "username": "ada" }))
            .refuses_beside(json!({ "username": "ada" }), json!({ "username": "ADA" }))
            .accepts_beside(json!({ "username": "ada" }), json!({ "username": "ada1" })),
        one_line("ck_users_given_name", "given_name", 200),
        one_line("ck_users_family_name", "family_name", 200),
        json_object("ck_users_claims", "users", "claims"),
    ]
}

fn locks() -> Vec<About> {
    vec![
        about("ck_users_failed_login_attempts")
            .refuses("failed_login_attempts", [-1, i32::MIN])
            .accepts("failed_login_attempts", [0, 1, i32::MAX]),
        about("ck_users_locked")
            .refuses_row(json!({ "lock_reason": "why" }))
            .refuses_row(json!({ "locked_until": ONE }))
            .refuses_row(json!({ "locked_until": ONE, "lock_reason": "why" }))
            .accepts_row(json!({ "locked_at": NOON }))
            .accepts_row(json!({ "locked_at": NOON, "locked_until": ONE }))
            .accepts_row(json!({ "locked_at": NOON, "lock_reason": "why" })),
        about("ck_users_locked_until")
            .refuses_row(json!({ "locked_at": NOON, "locked_until": NOON }))
            .refuses_row(json!({ "locked_at": NOON, "locked_until": BEFORE_NOON }))
            .accepts_row(json!({ "locked_at": NOON, "locked_until": AN_INSTANT_LATER })),
        one_line("ck_users_lock_reason", "lock_reason", 500).with(&json!({ "locked_at": NOON })),
    ]
}

fn second_factor() -> Vec<About> {
    vec![
        about("ck_users_mfa")
            .refuses_row(json!({ "mfa_enabled_at": NOON }))
            .accepts_row(json!({ "mfa_enabled_at": NOON, "totp_secret_sealed": octets(48) }))
            .accepts_row(json!({ "totp_secret_sealed": octets(48) })),
        about("ck_users_totp_secret_sealed")
            .refuses("totp_secret_sealed", [0, 1, 28, 257, 4096].map(octets))
            .accepts("totp_secret_sealed", [29, 48, 256].map(octets))
            .accepts("totp_secret_sealed", [Value::Null]),
        about("ck_users_mfa_last_step")
            .refuses("mfa_last_step", [-1, i64::MIN])
            .accepts("mfa_last_step", [0, 1, i64::MAX])
            // Older programs leave it where they switch the second factor off.
            .accepts_row(json!({ "mfa_enabled_at": null, "mfa_last_step": 1 })),
        plain_list("ck_users_backup_code_digests", "backup_code_digests", &digest(), 32)
            .refuses("backup_code_digests", [0, 31, 33, 64].map(|count| json!([octets(count)])))
            .refuses(
                "backup_code_digests",
                [json!([digest(), octets(31), digest()]), json!([digest(), octets(33)])],
            )
            .accepts("backup_code_digests", [vec![], vec![digest(), other_digest()]]),
    ]
}

fn erasure() -> About {
    about("ck_users_erased")
        .on("erased")
        .refuses("username", ["ada", "erased-", "erased-019aa000-0000-7000-8000-000000000002"])
        .refuses("email", ["ada@example.com", "019aa000-0000-7000-8000-000000000002@erased.invalid"])
        .refuses_row(json!({ "claims": { "locale": "en" } }))
        .refuses_row(json!({ "password_history": [BCRYPT] }))
        .refuses_row(json!({ "backup_code_digests": [digest()] }))
        .refuses_row(json!({ "email_verified_at": NOON }))
        .refuses_row(json!({ "password_hash": ARGON2ID, "password_changed_at": NOON }))
        .refuses_row(json!({ "given_name": "Ada" }))
        .refuses_row(json!({ "family_name": "Lovelace" }))
        .refuses_row(json!({ "mfa_enabled_at": NOON, "totp_secret_sealed": octets(48) }))
        .refuses_row(json!({ "totp_secret_sealed": octets(48) }))
        .refuses_row(json!({ "last_login_address": "192.0.2.1" }))
        .refuses_row(json!({ "last_login_at": NOON }))
        .refuses_row(json!({ "locked_at": NOON, "lock_reason": "Ada asked for it" }))
        .refuses("role", ["admin", "super_admin"])
        .refuses("tokens_revoked_before", [Value::Null])
        .accepts_row(json!({ "erased_at": ONE }))
        .accepts_row(json!({ "erased_at": null, "username": "ada", "email": "ada@example.com" }))
        // What says nothing about a person may stay.
        .accepts_row(json!({ "locked_at": NOON, "locked_until": ONE, "failed_login_attempts": 3 }))
        .accepts_row(json!({ "must_change_password": true, "password_changed_at": NOON }))
        // Older programs leave it.
        .accepts_row(json!({ "mfa_last_step": 58_796_640 }))
        .on("full")
        .refuses_row(json!({ "erased_at": NOON }))
        .refuses_row(json!({
            "erased_at": NOON,
            "username": format!("erased-{ID}"),
            "email": format!("{ID}@erased.invalid"),
        }))
}

/// Nobody else may take the name that an erasure gives.
fn reserved_names() -> About {
    let erased = format!("erased-{ID}");
    let address = format!("{ID}@erased.invalid");
    about("ck_users_not_erased")
        .refuses("username", ["erased-", "erased-x", "Erased-x", "ERASED-X", "eRaSeD-1"])
        .refuses("username", [erased.to_uppercase(), format!("erased-{OTHER_ID}"), erased.clone()])
        .refuses("email", ["x@erased.invalid", "X@ERASED.INVALID", "x@Erased.invalid"])
        .refuses("email", [address.to_uppercase(), format!("{OTHER_ID}@erased.invalid"), address.clone()])
        .refuses_row(json!({ "username": erased, "email": address }))
        .accepts("username", ["erased", "erasedx", "erased_x", "-erased-x", "not-erased-x", "erase-d-x"])
        .accepts("email", ["erased-x@example.com", "erased.invalid@example.com", "x@erased.example"])
        .accepts("email", ["x@erased.invalid.example", "x@mail.erased.invalid", "x@xerased.invalid"])
        .accepts("email", ["x@erased-invalid", "x@erasedxinvalid"])
        .on("erased")
        .refuses("erased_at", [Value::Null])
        .refuses_row(json!({ "erased_at": null, "username": "ada" }))
        .refuses_row(json!({ "erased_at": null, "email": "ada@example.com" }))
        .accepts("erased_at", [NOON, ONE])
}
