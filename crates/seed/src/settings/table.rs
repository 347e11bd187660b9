use std::ops::RangeInclusive;

use super::Setting;
use super::kind::Kind;

/// Every setting, in the order in which people read them. Ranges that the schema has too are no wider than there.
pub const SETTINGS: &[Setting] = &[
    number("security.password_min_length", "PASSWORD_MIN_LENGTH", "12", 8..=64, "characters")
        .about("Least length of a new password, in characters."),
    number("security.password_history_count", "PASSWORD_HISTORY_COUNT", "5", 0..=24, "passwords")
        .about("How many earlier passwords a new one may not repeat; 0 for none."),
    // At most 100 (NIST SP 800-63B section 5.2.2).
    number("security.lockout_threshold", "LOCKOUT_THRESHOLD", "5", 1..=100, "attempts")
        .about("Failed login attempts in a row after which an account is locked."),
    number("security.lockout_duration_minutes", "LOCKOUT_DURATION", "30", 1..=10_080, "minutes")
        .about("How long an account stays locked after too many failed logins, in minutes."),
    number("tokens.access_token_ttl", "ACCESS_TOKEN_TTL", "3600", 60..=86_400, "seconds")
        .about("Lifetime of an access token, in seconds."),
    number("tokens.refresh_token_ttl", "REFRESH_TOKEN_TTL", "2592000", 60..=315_360_000, "seconds")
        .about("How long a refresh token lives without being used, in seconds."),
    number("tokens.refresh_token_absolute_ttl", "REFRESH_TOKEN_ABSOLUTE_TTL", "31536000", 60..=315_360_000, "seconds")
        .about("How long a grant lives at most, however often its refresh token is used, in seconds."),
    // Ten seconds cover a client that lost the answer and tries again, and tabs that refresh together. The successor
    // has to be unused as well, so whoever stole a token gains nothing by them.
    number("tokens.refresh_grace_seconds", "REFRESH_TOKEN_GRACE", "10", 0..=300, "seconds")
        .about("How long a refresh token that was just exchanged gives the same successor again, in seconds; 0 to take every second use for theft."),
    // RFC 6749 section 4.1.2 recommends ten minutes at most.
    number("tokens.authorization_code_ttl", "CODE_TTL", "600", 10..=600, "seconds")
        .about("Lifetime of an authorization code, in seconds."),
    number("tokens.device_code_ttl", "DEVICE_CODE_TTL", "300", 60..=3600, "seconds")
        .about("Lifetime of a device code and its user code, in seconds."),
    number("sessions.duration_days", "SESSION_DURATION_DAYS", "7", 1..=365, "days")
        .about("How long a session lives at most, in days."),
    number("sessions.idle_timeout_minutes", "IDLE_TIMEOUT_MINUTES", "30", 1..=525_600, "minutes")
        .about("How long a session lives without being used, in minutes."),
    number("audit.log_retention_days", "AUDIT_LOG_RETENTION_DAYS", "90", 0..=3650, "days")
        .about("How long audit events are kept, in days; 0 for ever."),
    optional("email.smtp_host", "SMTP_HOST", Kind::Text)
        .about("Host name of the mail server; null while no mail is sent."),
    number("email.smtp_port", "SMTP_PORT", "587", 1..=65_535, "TCP")
        .about("TCP port of the mail server."),
    usually("email.smtp_tls", "SMTP_TLS", Kind::OneOf(&["starttls", "tls", "none"]), "starttls")
        .about("Encryption to the mail server: starttls (port 587), tls from the first octet on (port 465), or none."),
    optional("email.smtp_user", "SMTP_USER", Kind::Text)
        .about("Name to sign in to the mail server with; null to send without signing in."),
    fixed("email.smtp_password_variable", Kind::Text, "SMTP_PASSWORD")
        .about("Name of the environment variable that holds the password for the mail server. The password itself is never stored."),
    optional("email.from_address", "SMTP_FROM", Kind::Email)
        .about("Address that mail is sent from."),
    usually("email.from_name", "SMTP_FROM_NAME", Kind::Text, "Authority")
        .about("Name that mail is sent from."),
    usually("branding.app_name", "APP_NAME", Kind::Text, "Authority")
        .about("Name of the service, as people see it."),
    optional("branding.app_tagline", "APP_TAGLINE", Kind::Text)
        .about("Line below the name of the service."),
    optional("branding.company_name", "COMPANY_NAME", Kind::Text)
        .about("Name of the company that runs the service."),
    optional("branding.logo_url", "LOGO_URL", Kind::Link)
        .about("Address or path of the logo."),
    optional("branding.terms_url", "TERMS_URL", Kind::Link)
        .about("Address of the terms of service."),
    optional("branding.privacy_url", "PRIVACY_URL", Kind::Link)
        .about("Address of the privacy policy."),
    optional("branding.support_url", "SUPPORT_URL", Kind::Link)
        .about("Address where people find help."),
    usually("branding.theme", "THEME", Kind::OneOf(&["dark", "light"]), "dark")
        .about("Colours of the pages: dark or light."),
    optional("branding.primary_color", "PRIMARY_COLOR", Kind::Colour)
        .about("Colour of buttons and links, as #rrggbb; null for the theme's own."),
];

const fn number(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    range: RangeInclusive<i64>,
    unit: &'static str,
) -> Setting {
    let kind = Kind::Integer { least: *range.start(), most: *range.end(), unit };
    usually(key, variable, kind, default)
}

const fn usually(key: &'static str, variable: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting { key, variable: Some(variable), description: "", default: Some(default), kind }
}

const fn optional(key: &'static str, variable: &'static str, kind: Kind) -> Setting {
    Setting { key, variable: Some(variable), description: "", default: None, kind }
}

const fn fixed(key: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting { key, variable: None, description: "", default: Some(default), kind }
}

impl Setting {
    const fn about(self, description: &'static str) -> Self {
        Self { description, ..self }
    }
}
