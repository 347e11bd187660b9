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
    format!("{column} ~ '^https?://[!-~]+$' AND char_length({column}) <= 2048")
}

/// A text of 1 to `max` characters on one line.
pub(crate) fn one_line(column: &str, max: u32) -> String {
    format!("{} AND {column} !~ '[[:cntrl:]]'", length(column, max))
}

/// A list of scope tokens (RFC 6749 §3.3: `%x21 / %x23-5B / %x5D-7E`).
pub(crate) fn scope_list(column: &str) -> String {
    list(column, "[]!#-[^-~ ]*")
}

/// An absolute URI without a fragment: printable ASCII but `#` (RFC 3986 §4.3).
pub(crate) const URI: &str = "[A-Za-z][A-Za-z0-9+.-]*:[!\"$-~]+";

/// A list of absolute URIs without a fragment (RFC 6749 §3.1.2, RFC 8707 §2). A URI of a native
/// app may use a private scheme (RFC 8252 §7.1); a scheme that a browser would run is refused.
pub(crate) fn uri_list(column: &str) -> String {
    format!(
        "{} AND array_to_string({column}, ' ') !~* '(^| )(javascript|data|vbscript):'",
        list(column, &format!("({URI}( |$))*"))
    )
}

/// A JSON object.
pub(crate) fn json_object(column: &str) -> String {
    format!("jsonb_typeof({column}) = 'object'")
}

/// A JSON array.
pub(crate) fn json_array(column: &str) -> String {
    format!("jsonb_typeof({column}) = 'array'")
}

/// RFC 9396 §2: an array of objects, each with a `type` that is a string.
pub(crate) fn authorization_details(column: &str) -> String {
    format!(
        "{} AND NOT jsonb_path_exists({column}, 'strict $[*] ? (@.type() <> \"object\")') \
         AND NOT jsonb_path_exists({column}, 'lax $[*] ? (!(exists (@.type)))') \
         AND NOT jsonb_path_exists({column}, 'strict $[*] ? (@.type.type() <> \"string\")')",
        json_array(column)
    )
}

/// A list that every client library can read: one dimension, counted from 1, without nulls.
pub(crate) fn plain_list(column: &str) -> String {
    format!(
        "coalesce(array_ndims({column}), 1) = 1 AND coalesce(array_lower({column}, 1), 1) = 1 \
         AND num_nulls(VARIADIC {column}) = 0 AND cardinality({column}) <= {LONGEST_LIST}"
    )
}

/// A UUID of version 7 (RFC 9562 §5.7), which begins with the time that it was made.
pub(crate) fn uuid_v7(column: &str) -> String {
    format!("get_byte(uuid_send({column}), 6) >> 4 = 7 AND get_byte(uuid_send({column}), 8) >> 6 = 2")
}

/// All of these columns are set, or none.
pub(crate) fn together(columns: &[&str]) -> String {
    format!("num_nulls({}) IN (0, {})", columns.join(", "), columns.len())
}

/// `earlier` is before `later`.
pub(crate) fn before(earlier: &str, later: &str) -> String {
    format!("{later} > {earlier}")
}

/// No list of this schema is longer.
const LONGEST_LIST: u32 = 100;

/// Every element of the list, joined by spaces, matches; and no element is null, empty or holds
/// a space, for then the list would not survive being joined and split again.
pub(crate) fn list(column: &str, pattern: &str) -> String {
    format!(
        "array_to_string({column}, ' ') ~ '^{pattern}$' \
         AND string_to_array(array_to_string({column}, ' '), ' ') = {column} \
         AND '' <> ALL ({column}) \
         AND cardinality({column}) <= {LONGEST_LIST}"
    )
}
