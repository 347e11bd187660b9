//! SQL conditions that several tables check.

/// Exactly the 32 octets of a SHA-256 digest; an absent digest passes.
pub(crate) fn sha256(column: &str) -> String {
    format!("octet_length({column}) = 32")
}

/// A SHA-256 thumbprint in unpadded base64url, as RFC 9449 `jkt` and RFC 8705 `x5t#S256` carry it.
pub(crate) fn thumbprint(column: &str) -> String {
    format!("{column} ~ '^[A-Za-z0-9_-]{{43}}$'")
}

/// A text of 1 to `max` characters.
pub(crate) fn length(column: &str, max: u32) -> String {
    format!("char_length({column}) BETWEEN 1 AND {max}")
}

/// An `http` or `https` address of at most 2048 characters.
pub(crate) fn web_uri(column: &str) -> String {
    format!("{column} ~ '^https?://[^[:space:]]+$' AND char_length({column}) <= 2048")
}

/// A list of scope tokens (RFC 6749 §3.3: `%x21 / %x23-5B / %x5D-7E`).
pub(crate) fn scope_list(column: &str) -> String {
    list(column, "[]!#-[^-~ ]*")
}

/// A list of absolute URIs without a fragment (RFC 6749 §3.1.2, RFC 8707 §2). A URI of a native
/// app may use a private scheme (RFC 8252 §7.1).
pub(crate) fn uri_list(column: &str) -> String {
    list(column, "([A-Za-z][A-Za-z0-9+.-]*:[^#[:space:]]+( |$))*")
}

/// A JSON object.
pub(crate) fn json_object(column: &str) -> String {
    format!("jsonb_typeof({column}) = 'object'")
}

/// A JSON array.
pub(crate) fn json_array(column: &str) -> String {
    format!("jsonb_typeof({column}) = 'array'")
}

/// All of these columns are set, or none.
pub(crate) fn together(columns: &[&str]) -> String {
    format!("num_nulls({}) IN (0, {})", columns.join(", "), columns.len())
}

/// `earlier` is before `later`.
pub(crate) fn before(earlier: &str, later: &str) -> String {
    format!("{later} > {earlier}")
}

/// Every element of the list, joined by spaces, matches; and no element is null, empty or holds
/// a space, for then the list would not survive being joined and split again.
fn list(column: &str, pattern: &str) -> String {
    format!(
        "array_to_string({column}, ' ') ~ '^{pattern}$' \
         AND string_to_array(array_to_string({column}, ' '), ' ') = {column} AND '' <> ALL ({column})"
    )
}
