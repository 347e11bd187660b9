use serde_json::{Value, json};

use crate::constraints::case::{About, about};
use crate::constraints::fixtures::NOON;
use crate::constraints::shapes::list;

pub(super) const ARGON2ID: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";
pub(super) const BCRYPT: &str = "$2b$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q";

/// What a library that hashes passwords may give.
const HASHES: [&str; 8] = [
    ARGON2ID,
    BCRYPT,
    "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a",
    "$argon2i$v=19$m=65536,t=2,p=1,keyid=Hj5+dsK0,data=sRlHhRmKUGzdOmXn01XmXygd5Kc$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$pbkdf2-sha256$i=600000,l=32$7G7kVQZgqzLTH3JkMSTnJA$yWlt3ycPXzQ5b8QT8ZLKJ0PE7oSbCzTUG9eM4HkNWgI",
    "$pbkdf2-sha512$i=210000,l=64$O4fA7EmRCM2Yt4zt3TsKjg$jCfTjuOTPdnMcrl+hrSPQUYzeZi9vSE6NRXmdHsqWEuhGGP4ywvE6/xE1cuXhJ2tPf+yfqLOmf6a+xUfpJWnhQ",
    "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
];

/// What is none, or only part of one.
const NO_HASHES: [&str; 20] = [
    "",
    " ",
    "hunter2",
    "correct horse battery staple",
    "$ecret",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
    "sha1$a1976$a36cc8cbf81742a8fb52e221aaeab48ed7f58ab4",
    "$argon2id",
    "$argon2id$",
    "$argon2id$v=19$m=65536,t=2,p=1",
    "$argon2id$v=19$m=65536,t=2,p=1$",
    "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw",
    "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$",
    "$argon2id$v=19$m=65536 t=2 p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ",
    "$ARGON2ID$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ",
    "$2b$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9",
    "$2b$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9qq",
    "$2b$1$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9qqq",
];

/// What may be in a hash: each part there or not, with characters from both ends and the middle of each range.
const ALPHABETS: [&str; 13] = [
    "$argon2id$v=059$amz-059=AMZamz059/+.-,amz-059=AMZamz059/+.-,t=A$AMZamz059/+.-$AMZamz059/+AMZamz059/+",
    "$argon2id$v=19$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$m=65536$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$a23456789012345678901234567890bc=1,a23456789012345678901234567890bc=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$2a$04$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2y$09$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$19$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$29$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$30$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$31$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2x$10$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$10$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
];

/// What is almost one: each is wrong in one place.
const ALMOST_HASHES: [&str; 31] = [
    "$$v=19$m=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$a23456789012345678901234567890bcd$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    // Not fit for passwords.
    "$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2idx$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$xargon2id$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$pbkdf2$i=600000$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$pbkdf2-sha1$i=600000$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$pbkdf2-sha384$i=600000$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$sha256$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$md5$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$6$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=$m=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=x$m=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=19$=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=19$m=1,=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=19$a23456789012345678901234567890bcd=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    "$argon2id$v=19$m=1,a23456789012345678901234567890bcd=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg",
    // A hash of 126 bits, and one that goes on.
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Z",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg=",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b27Zg$",
    // Another alphabet, version or cost of bcrypt.
    "$2b$10$:Zaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2z$10$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2$10$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2bb$10$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$00$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$03$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$32$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$40$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz.",
    "$2b$010$AZaz./0123456789AZaz./0123456789AZaz./0123456789AZaz",
];

/// An Argon2 hash of so many characters.
fn of_length(length: usize) -> String {
    let rest = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$";
    format!("{rest}{}", "a".repeat(length - rest.len()))
}

pub(super) fn cases() -> Vec<About> {
    let with_newline = [format!("{ARGON2ID}\n"), format!("\n{ARGON2ID}"), format!("{BCRYPT}\n")];
    vec![
        about("ck_users_password_hash")
            .on("full")
            .refuses("password_hash", NO_HASHES)
            .refuses("password_hash", ALMOST_HASHES)
            .refuses("password_hash", with_newline.clone())
            .refuses(
                "password_hash",
                [format!("{ARGON2ID} "), format!("{ARGON2ID} {BCRYPT}"), format!("{ARGON2ID}{BCRYPT}")],
            )
            .refuses("password_hash", [513, 100_000].map(of_length))
            .accepts("password_hash", [of_length(512)])
            .accepts("password_hash", HASHES)
            .accepts("password_hash", ALPHABETS)
            .accepts("password_hash", [Value::Null]),
        about("ck_users_password_changed_at")
            .refuses_row(json!({ "password_hash": ARGON2ID, "password_changed_at": null }))
            .accepts_row(json!({ "password_hash": ARGON2ID, "password_changed_at": NOON }))
            .accepts_row(json!({ "password_hash": null, "password_changed_at": NOON }))
            .accepts_row(json!({ "password_hash": null, "password_changed_at": null })),
        list("ck_users_password_history", "password_history", BCRYPT, 24)
            .refuses("password_history", NO_HASHES.map(|text| json!([text])))
            .refuses("password_history", NO_HASHES.map(|text| json!([BCRYPT, text, ARGON2ID])))
            .refuses("password_history", with_newline.map(|text| json!([text])))
            .refuses("password_history", ALMOST_HASHES.map(|text| json!([text])))
            .refuses("password_history", [json!([format!("{ARGON2ID}{BCRYPT}")])])
            .accepts("password_history", HASHES.map(|text| json!([text])))
            .accepts("password_history", ALPHABETS.map(|text| json!([text])))
            .accepts("password_history", [json!(HASHES), json!(vec![ARGON2ID; 24])]),
    ]
}
