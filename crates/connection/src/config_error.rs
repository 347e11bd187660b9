//! Why a database URL is not accepted.

/// Why a database URL, or a variable beside it, is not accepted: one sentence, which never quotes what stands where
/// a password may stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The variable holds bytes that are not UTF-8.
    #[error("{0} is not valid UTF-8")]
    NotUnicode(&'static str),
    /// The scheme is neither `postgres` nor `postgresql`.
    #[error("a database URL begins with postgres:// or postgresql://")]
    Scheme,
    /// A space or a control character stands in the URL as it is.
    #[error("the database URL contains a space or a control character, which must be percent-encoded (%20)")]
    RawWhitespace,
    /// An `@` or a `#` stands where it has no meaning, most likely because of a password that is not encoded.
    #[error(
        "the database URL cannot be taken apart: '/', '?', '#', '@' and ':' inside a user name or a password must \
         be percent-encoded (%2F, %3F, %23, %40, %3A)"
    )]
    Unencoded,
    /// An `&` stands in the name of the database: what is behind it, a password perhaps, was meant as a parameter.
    #[error("the parameters of a database URL begin with '?', not with '&' (which in a name is written %26)")]
    NoQuestionMark,
    /// A `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
    #[error("{0} is not correctly percent-encoded ('%' itself is written %25)")]
    PercentEncoding(String),
    /// A value contains a NUL, which PostgreSQL cannot take.
    #[error("{0} contains a NUL byte")]
    Nul(String),
    /// No database is named.
    #[error(
        "the database URL names no database: add it after the host, as in postgres://localhost:5432/authority_db"
    )]
    NoDatabase,
    /// No user is named, and none can be found out.
    #[error(
        "the database URL names no user, PGUSER is not set, and the operating system does not know this user"
    )]
    NoUser,
    /// A name is longer than PostgreSQL's identifiers.
    #[error("{what} is longer than 63 bytes, where PostgreSQL would cut it off")]
    TooLong {
        /// Of which name.
        what: &'static str,
    },
    /// A name is empty.
    #[error("{what} is empty")]
    Empty {
        /// Which name.
        what: &'static str,
    },
    /// A host is not a host name, an address or an absolute directory.
    #[error("{0:?} is not a host name, an IP address ([::1] in brackets) or the directory of a socket")]
    Host(String),
    /// A port is not a number from 1 to 65535.
    #[error("the port of host {0:?} is not a number from 1 to 65535")]
    Port(String),
    /// The numbers of hosts and of ports differ.
    #[error("there are {hosts} hosts and {ports} ports: give one port for all hosts, or one for each")]
    PortCount {
        /// How many hosts.
        hosts: usize,
        /// How many ports.
        ports: usize,
    },
    /// A parameter is not known.
    #[error("{name:?} is not a parameter of a database URL{}", suggestion.map(|it| format!("; did you mean {it:?}?")).unwrap_or_default())]
    UnknownParameter {
        /// As it was written.
        name: String,
        /// The known one that is most like it.
        suggestion: Option<&'static str>,
    },
    /// A parameter of libpq that this software does not implement.
    #[error(
        "{name:?} is a parameter of libpq that Authority does not implement; remove it from the database URL"
    )]
    UnsupportedParameter {
        /// As it was written.
        name: String,
    },
    /// A parameter has no `=`.
    #[error("the parameter {0:?} has no value")]
    NoValue(String),
    /// Something is said twice.
    #[error("the database URL gives {0} twice")]
    Twice(&'static str),
    /// A value is not of the kind that its parameter takes.
    #[error("{parameter} is {value:?}, but must be {expected}")]
    Value {
        /// Which parameter or variable.
        parameter: &'static str,
        /// As it was written.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// The URL and a variable disagree.
    #[error(
        "the database URL has {parameter}={in_url} and the environment {variable}={in_variable}: remove one"
    )]
    Disagreement {
        /// The parameter of the URL.
        parameter: &'static str,
        /// Its value.
        in_url: String,
        /// The variable of the same meaning.
        variable: &'static str,
        /// Its value.
        in_variable: String,
    },
    /// Two settings contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

impl ConfigError {
    pub(crate) fn value(parameter: &'static str, value: &str, expected: impl Into<String>) -> Self {
        Self::Value { parameter, value: value.to_owned(), expected: expected.into() }
    }
}
