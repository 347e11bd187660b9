use std::collections::BTreeSet;
use std::ffi::OsString;

use authority_connection::Environment;
use serde_json::{Value, json};

use super::kind::Kind;
use super::{BadSetting, SETTINGS, Settings};

fn with(variables: &[(&str, &str)]) -> Result<Settings, BadSetting> {
    Settings::from_environment(&Environment::from_pairs(variables.iter().copied()))
}

fn value(settings: &Settings, key: &str) -> Value {
    let chosen = settings.0.iter().find(|chosen| chosen.setting.key == key);
    chosen.expect(key).value.clone()
}

#[test]
fn every_variable_that_operators_know_has_its_default() {
    let known = [
        ("ACCESS_TOKEN_TTL", 3600),
        ("REFRESH_TOKEN_TTL", 2_592_000),
        ("REFRESH_TOKEN_ABSOLUTE_TTL", 31_536_000),
        ("CODE_TTL", 600),
        ("DEVICE_CODE_TTL", 300),
        ("SESSION_DURATION_DAYS", 7),
        ("IDLE_TIMEOUT_MINUTES", 30),
        ("LOCKOUT_THRESHOLD", 5),
        ("LOCKOUT_DURATION", 30),
        ("PASSWORD_MIN_LENGTH", 12),
        ("PASSWORD_HISTORY_COUNT", 5),
        ("AUDIT_LOG_RETENTION_DAYS", 90),
    ];
    let settings = with(&[]).expect("the usual values");
    for (variable, default) in known {
        let setting = SETTINGS.iter().find(|setting| setting.variable == Some(variable)).expect(variable);
        assert_eq!(value(&settings, setting.key), json!(default), "{variable}");
    }
}

#[test]
fn keys_and_variables_occur_once_and_every_description_names_its_unit() {
    let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len());
    let variables: Vec<_> = SETTINGS.iter().filter_map(|setting| setting.variable).collect();
    assert_eq!(variables.iter().collect::<BTreeSet<_>>().len(), variables.len());
    for setting in SETTINGS {
        assert!(setting.description.ends_with('.'), "{}", setting.key);
        if let Kind::Integer { unit, .. } = setting.kind {
            assert!(setting.description.contains(unit), "{}", setting.key);
        }
        let default = setting.default.map(|text| setting.kind.value(text));
        assert_ne!(default, Some(None), "{}", setting.key);
    }
}

#[test]
fn no_setting_takes_a_secret_from_the_environment() {
    let secret = "hunter2-marker";
    let settings = with(&[("SMTP_PASSWORD", secret), ("ADMIN_PASSWORD", secret)]).expect("settings");
    assert!(!format!("{settings:?}").contains(secret));
    assert_eq!(value(&settings, "email.smtp_password_variable"), "SMTP_PASSWORD");
}

#[test]
fn each_number_takes_its_limits_and_nothing_beyond_or_beside_them() {
    for setting in SETTINGS {
        let (Kind::Integer { least, most, .. }, Some(variable)) = (setting.kind, setting.variable) else {
            continue;
        };
        for good in [least, most] {
            assert_eq!(setting.kind.value(&good.to_string()), Some(json!(good)), "{variable}");
        }
        for bad in [
            (least - 1).to_string(),
            (most + 1).to_string(),
            format!("+{most}"),
            format!("{least}.0"),
            format!("{least}s"),
            format!(" {least}"),
            "99999999999999999999".to_owned(),
            "1e3".to_owned(),
        ] {
            let error = with(&[(variable, &bad)]).expect_err(variable);
            assert!(error.to_string().starts_with(&format!("{variable} has to be ")), "{error}");
            assert!(error.to_string().contains(&format!("from {least} to {most}")), "{error}");
        }
    }
}

#[test]
fn what_the_documentation_switches_off_with_zero_takes_zero() {
    for (variable, key) in [
        ("AUDIT_LOG_RETENTION_DAYS", "audit.log_retention_days"),
        ("REFRESH_TOKEN_GRACE", "tokens.refresh_grace_seconds"),
        ("PASSWORD_HISTORY_COUNT", "security.password_history_count"),
    ] {
        assert_eq!(value(&with(&[(variable, "0")]).expect(variable), key), json!(0), "{variable}");
    }
}

#[test]
fn texts_are_what_they_are_for() {
    for (variable, good, bad) in [
        ("SMTP_TLS", "none", vec!["ssl", "NONE", "none "]),
        ("SMTP_FROM", "a@example.org", vec!["a", "a@", "@b", "a@b@c", "a b@c"]),
        (
            "LOGO_URL",
            "/images/logo.png",
            vec![
                "//evil.example/x",
                "/\\evil.example",
                "javascript:alert(1)",
                "https://",
                "https:///x",
                "https://a b",
            ],
        ),
        ("SUPPORT_URL", "https://example.org/help", vec!["example.org", "ftp://example.org"]),
        ("PRIMARY_COLOR", "#7c3AED", vec!["7c3aed", "#7c3ae", "#7c3aeg", "red"]),
        ("APP_NAME", "Tür & Tor", vec![" ", "two\nlines", "a\u{0}b"]),
        ("THEME", "light", vec!["blue"]),
    ] {
        let settings = with(&[(variable, good)]).expect(good);
        let setting = SETTINGS.iter().find(|setting| setting.variable == Some(variable)).expect(variable);
        assert_eq!(value(&settings, setting.key), good);
        for bad in bad {
            let error = with(&[(variable, bad)]).expect_err(bad);
            assert!(
                matches!(error, BadSetting::Value { variable: named, .. } if named == variable),
                "{bad:?}: {error}"
            );
        }
    }
}

#[test]
fn an_error_does_not_repeat_what_may_belong_to_another_variable() {
    let marker = "hunter2 marker\n";
    for variable in SETTINGS.iter().filter_map(|setting| setting.variable) {
        let error = with(&[(variable, marker)]).expect_err("it is no value of any setting");
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn what_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let environment = Environment::from_pairs([("APP_NAME", OsString::from_vec(vec![0xff]))]);
    assert!(Settings::from_environment(&environment).is_err());
}

#[test]
fn an_idle_lifetime_is_not_longer_than_the_absolute_one() {
    let error = with(&[("REFRESH_TOKEN_ABSOLUTE_TTL", "3600")]).expect_err("the idle one is 30 days");
    assert_eq!(error.to_string(), "REFRESH_TOKEN_TTL must not be longer than REFRESH_TOKEN_ABSOLUTE_TTL");
    assert!(with(&[("REFRESH_TOKEN_ABSOLUTE_TTL", "3600"), ("REFRESH_TOKEN_TTL", "3600")]).is_ok());
    assert!(with(&[("SESSION_DURATION_DAYS", "1"), ("IDLE_TIMEOUT_MINUTES", "1440")]).is_ok());
    let error =
        with(&[("SESSION_DURATION_DAYS", "1"), ("IDLE_TIMEOUT_MINUTES", "1441")]).expect_err("too long");
    assert_eq!(error.to_string(), "IDLE_TIMEOUT_MINUTES must not be longer than SESSION_DURATION_DAYS");
}
