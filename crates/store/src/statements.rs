//! Every statement of the store: its name, its text, the types of its parameters.

use tokio_postgres::types::Type;
use tracing::Span;

/// A statement of the store, which is a whole operation.
#[derive(Debug)]
pub struct Statement {
    /// The table that it is about, and the operation: `refresh_tokens.rotate`.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
    /// The types of `$1`, `$2` and so on.
    pub types: &'static [Type],
    pub(crate) position: usize,
    /// How many of the parameters after those of an audit event say what the call is about, and so which event is its own.
    pub(crate) keys: usize,
    pub(crate) span: fn() -> Span,
}

/// Declares a statement from `sql/<table>/<operation>.sql`. One that is `audited` has the parameters of an audit
/// event first, and ends by writing the row of its CTE `event` and giving the rows of its CTE `answer`. One that is
/// `logging` has the same parameters first and writes its event itself, because what else it writes depends on that.
/// What either is about is the first parameter after those, or as many as `about` says.
macro_rules! statements {
    ($($name:ident = $table:ident.$operation:ident $kind:ident $(about $keys:literal)? [$($type:ident),* $(,)?];)*) => {
        #[expect(non_camel_case_types, reason = "named after the statements, to number them")]
        enum Position { $($name,)* }

        $(
            pub(crate) static $name: Statement = Statement {
                name: concat!(stringify!($table), ".", stringify!($operation)),
                sql: statements!(@sql $kind concat!("sql/", stringify!($table), "/", stringify!($operation), ".sql")),
                types: statements!(@types $kind [$($type),*]),
                position: Position::$name as usize,
                keys: statements!(@keys $($keys)?),
                span: || tracing::info_span!(
                    concat!("db.", stringify!($table), ".", stringify!($operation)),
                    otel.kind = "client",
                    db.system.name = "postgresql",
                    db.collection.name = stringify!($table),
                    db.operation.name = stringify!($operation),
                    db.query.summary = concat!(stringify!($table), ".", stringify!($operation)),
                    db.response.returned_rows = tracing::field::Empty,
                    db.response.status_code = tracing::field::Empty,
                    error.type = tracing::field::Empty,
                ),
            };
        )*

        /// Every statement that the store runs.
        pub static STATEMENTS: &[&Statement] = &[$(&$name,)*];
    };
    (@sql audited $path:expr) => { concat!(include_str!($path), include_str!("sql/audited.sql")) };
    (@sql logging $path:expr) => { include_str!($path) };
    (@sql plain $path:expr) => { include_str!($path) };
    // $1 audit_logs.id, $2 ip_address, $3 user_agent, $4 request_id, $5 details, $6 now
    (@types audited [$($type:ident),*]) => {
        &[Type::UUID, Type::TEXT, Type::TEXT, Type::TEXT, Type::JSONB, Type::TIMESTAMPTZ, $(Type::$type),*]
    };
    (@keys) => { 1 };
    (@keys $keys:literal) => { $keys };
    (@types logging [$($type:ident),*]) => { statements!(@types audited [$($type),*]) };
    (@types plain [$($type:ident),*]) => { &[$(Type::$type),*] };
}

statements! {
    ACCESS_TOKENS_INTROSPECT = access_tokens.introspect plain [UUID_ARRAY, UUID, UUID];
    ACCESS_TOKENS_ISSUE = access_tokens.issue audited [
        UUID, BYTEA, UUID, TEXT, UUID, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, JSONB, TEXT, TEXT, JSONB, INT4, UUID,
    ];
    ACCESS_TOKENS_REVOKE = access_tokens.revoke audited [UUID, BYTEA, BYTEA, UUID, TEXT];
    AUDIT_LOGS_APPEND = audit_logs.append audited about 8 [TEXT, TEXT, TEXT, UUID, TEXT, TEXT, UUID, UUID];
    AUDIT_LOGS_EXPORT = audit_logs.export plain [UUID, UUID, INT8, TEXT];
    AUDIT_LOGS_EXPORT_OF_ACTOR = audit_logs.export_of_actor plain [UUID, UUID, INT8, TEXT, UUID, TEXT, TEXT];
    AUDIT_LOGS_EXPORT_OF_EVENT = audit_logs.export_of_event plain [UUID, UUID, INT8, TEXT, TEXT];
    AUDIT_LOGS_EXPORT_OF_EVENTS = audit_logs.export_of_events plain [UUID, UUID, INT8, TEXT, TEXT];
    AUDIT_LOGS_EXPORT_OF_RESOURCE = audit_logs.export_of_resource plain [UUID, UUID, INT8, TEXT, UUID, TEXT, TEXT, TEXT, TEXT];
    AUDIT_LOGS_PAGE = audit_logs.page plain [UUID, UUID, INT8, TEXT];
    AUDIT_LOGS_PAGE_OF_ACTOR = audit_logs.page_of_actor plain [UUID, UUID, INT8, TEXT, UUID, TEXT, TEXT];
    AUDIT_LOGS_PAGE_OF_EVENT = audit_logs.page_of_event plain [UUID, UUID, INT8, TEXT, TEXT];
    AUDIT_LOGS_PAGE_OF_EVENTS = audit_logs.page_of_events plain [UUID, UUID, INT8, TEXT, TEXT];
    AUDIT_LOGS_PAGE_OF_RESOURCE = audit_logs.page_of_resource plain [UUID, UUID, INT8, TEXT, UUID, TEXT, TEXT, TEXT, TEXT];
    AUTHORIZATION_CODES_EXCHANGE = authorization_codes.exchange audited [
        UUID, BYTEA, BYTEA, UUID, TEXT, BYTEA, BYTEA, TEXT, TEXT, UUID, BYTEA, TEXT_ARRAY, UUID, BYTEA, BYTEA,
        TEXT_ARRAY,
    ];
    AUTHORIZATION_CODES_ISSUE = authorization_codes.issue audited [
        UUID, BYTEA, UUID, UUID, UUID, TEXT, TEXT_ARRAY, TEXT_ARRAY, JSONB, TEXT, TEXT, TEXT, TEXT, TEXT_ARRAY,
        JSONB, TEXT, TIMESTAMPTZ, TEXT_ARRAY, INT4,
    ];
    AUTHORIZATION_CODES_REVOKE_ISSUED = authorization_codes.revoke_issued plain [UUID, TIMESTAMPTZ];
    CLIENTS_AUTHENTICATE = clients.authenticate audited [TEXT, UUID, BYTEA, BYTEA, TEXT];
    CLIENTS_CREATE = clients.create audited [
        UUID, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT_ARRAY, TEXT, TEXT, BYTEA, JSONB, TEXT, TEXT, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BOOL, BOOL, BOOL, BOOL, BOOL, INT4, INT4, INT4, INT4, INT4, UUID,
        TEXT, UUID,
    ];
    CLIENTS_DISABLE = clients.disable audited [UUID, TEXT, UUID];
    CLIENTS_ENABLE = clients.enable audited [UUID, TEXT, UUID];
    CLIENTS_FIND = clients.find plain [TEXT];
    CLIENTS_REVOKE_TOKENS = clients.revoke_tokens logging [UUID, TEXT, TEXT, UUID];
    CLIENTS_ROTATE_SECRET = clients.rotate_secret logging about 2 [UUID, BYTEA, TIMESTAMPTZ, TEXT, UUID];
    CLIENTS_UPDATE = clients.update audited [
        UUID, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT_ARRAY, TEXT, TEXT, BYTEA, JSONB, TEXT, TEXT, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BOOL, BOOL, BOOL, BOOL, BOOL, INT4, INT4, INT4, INT4, INT4, UUID,
        TEXT, UUID,
    ];
    DEVICE_CODES_ANSWER = device_codes.answer audited [UUID, TEXT, UUID, UUID, TEXT, TEXT_ARRAY];
    DEVICE_CODES_EXCHANGE = device_codes.exchange audited [
        UUID, BYTEA, BYTEA, UUID, TEXT, TEXT, UUID, BYTEA, TEXT_ARRAY, UUID, BYTEA, BYTEA, TEXT_ARRAY,
    ];
    DEVICE_CODES_ISSUE = device_codes.issue audited [
        UUID, BYTEA, TEXT, UUID, TEXT_ARRAY, TEXT_ARRAY, INT4, TEXT, TEXT,
    ];
    DEVICE_CODES_LOOK_UP = device_codes.look_up audited [TEXT, UUID, UUID];
    REFRESH_TOKENS_INTROSPECT = refresh_tokens.introspect plain [TIMESTAMPTZ, UUID];
    REFRESH_TOKENS_LIST = refresh_tokens.list plain [TIMESTAMPTZ, UUID];
    REFRESH_TOKENS_REVOKE = refresh_tokens.revoke audited [UUID, BYTEA, BYTEA, UUID, TEXT];
    REFRESH_TOKENS_REVOKE_FAMILY = refresh_tokens.revoke_family audited [UUID, UUID, TEXT, TEXT, UUID];
    REFRESH_TOKENS_ROTATE = refresh_tokens.rotate audited [
        UUID, BYTEA, BYTEA, BYTEA, UUID, BYTEA, BYTEA, TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, UUID, BYTEA, TEXT_ARRAY,
    ];
    SESSIONS_AUTHENTICATE = sessions.authenticate plain [TIMESTAMPTZ, UUID, BYTEA, BYTEA, INT4];
    SESSIONS_CREATE = sessions.create audited [
        UUID, BYTEA, TEXT, UUID, TIMESTAMPTZ, TEXT, TEXT_ARRAY, TEXT, TEXT, TEXT, INT4,
    ];
    SESSIONS_END = sessions.end audited [UUID, BYTEA, BYTEA];
    SESSIONS_END_ALL = sessions.end_all audited [UUID, UUID, TEXT, TEXT, UUID];
    SESSIONS_END_ONE = sessions.end_one audited [UUID, UUID, TEXT, TEXT, UUID];
    SESSIONS_LIST = sessions.list plain [TIMESTAMPTZ, UUID];
    SESSIONS_REAUTHENTICATE = sessions.reauthenticate audited [
        UUID, BYTEA, BYTEA, BYTEA, TIMESTAMPTZ, TEXT, TEXT_ARRAY,
    ];
    USERS_ACCEPT_TOTP_STEP = users.accept_totp_step logging about 2 [UUID, INT8];
    USERS_CHANGE_PASSWORD = users.change_password logging about 2 [UUID, TEXT, BOOL, TEXT, BOOL, BOOL, UUID, TEXT, UUID];
    USERS_CREATE = users.create audited [
        UUID, TEXT, TEXT, BOOL, TEXT, BOOL, TEXT, TEXT, JSONB, TEXT, TEXT, UUID,
    ];
    USERS_DISABLE_MFA = users.disable_mfa audited [UUID, TEXT, UUID];
    USERS_ENABLE_MFA = users.enable_mfa audited [UUID, BYTEA, BYTEA_ARRAY];
    USERS_ERASE = users.erase audited [UUID, TEXT, UUID];
    USERS_FAIL_LOGIN = users.fail_login logging [UUID];
    USERS_FIND = users.find plain [TEXT];
    USERS_FIND_BY_ID = users.find_by_id plain [UUID];
    USERS_LOCK = users.lock audited [UUID, TEXT, TEXT, UUID];
    USERS_LOG_IN = users.log_in audited [UUID, TEXT];
    USERS_PASSWORDS = users.passwords plain [UUID];
    USERS_REPLACE_BACKUP_CODES = users.replace_backup_codes logging about 2 [UUID, BYTEA_ARRAY, TEXT, UUID];
    USERS_REVOKE_TOKENS = users.revoke_tokens logging [UUID, TEXT, TEXT, UUID];
    USERS_UNLOCK = users.unlock audited [UUID, TEXT, UUID];
    USERS_UPGRADE_PASSWORD_HASH = users.upgrade_password_hash audited [UUID, TEXT, TEXT];
    USERS_USE_BACKUP_CODE = users.use_backup_code logging [UUID, BYTEA, BYTEA];
    USERS_VERIFY_EMAIL = users.verify_email audited [UUID, TEXT];
}

#[cfg(test)]
mod tests {
    use super::STATEMENTS;

    /// Only of an integer the schema says that the number can be read.
    #[test]
    fn no_setting_is_read_as_a_number_that_is_none() {
        for statement in STATEMENTS {
            let readings = statement.sql.matches("FROM settings").count();
            let guards = statement.sql.matches("' AND value_type = 'integer')").count();
            assert_eq!(readings, guards, "{}", statement.name);
        }
    }

    #[test]
    fn an_export_of_the_audit_trail_is_a_page_the_other_way_round() {
        let texts = |kind| {
            let named = STATEMENTS.iter().filter(move |one| one.name.starts_with(kind));
            named.map(|one| one.sql)
        };
        let pages: Vec<_> = texts("audit_logs.page").map(|sql| sql.replace(" DESC", "")).collect();
        assert_eq!(pages, texts("audit_logs.export").collect::<Vec<_>>());
        assert_eq!(pages.len(), 5);
        assert!(texts("audit_logs.page").all(|sql| sql.contains(" DESC")));
    }
}
