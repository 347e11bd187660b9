//! Scopes (RFC 6749 section 3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The schema takes no longer list.
const MOST: usize = 100;

/// A set of scope tokens; their order means nothing (RFC 6749 section 3.3), so it is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(BTreeSet<String>);

/// Why a text is no list of scopes: RFC 6749 `invalid_scope`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadScope {
    /// An empty token, as two spaces in a row make one, or a character outside of `%x21 / %x23-5B / %x5D-7E`.
    #[error("a scope is made of printable ASCII without space, quotation mark and backslash")]
    Token,
    /// More than a hundred.
    #[error("there are more than {MOST} scopes")]
    TooMany,
}

impl Scopes {
    /// The set of these tokens. Fails when one of them is none, or when there are more than a hundred.
    pub fn new<T: Into<String>>(tokens: impl IntoIterator<Item = T>) -> Result<Self, BadScope> {
        let tokens: BTreeSet<String> = tokens.into_iter().map(Into::into).collect();
        if !tokens.iter().all(|token| is_token(token)) {
            return Err(BadScope::Token);
        }
        if tokens.len() > MOST {
            return Err(BadScope::TooMany);
        }
        Ok(Self(tokens))
    }

    /// Whether the token is in the set.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether every token of this set is in the other one.
    #[must_use]
    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// As a column holds them.
    pub(crate) fn to_column(&self) -> Vec<&str> {
        self.iter().collect()
    }

    /// As they were in a column, whose CHECK knows the same rules.
    pub(crate) fn from_column(tokens: Vec<String>) -> Self {
        Self(tokens.into_iter().collect())
    }
}

/// The `scope` parameter: tokens with one space between each two. An empty text is no scopes.
impl FromStr for Scopes {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        if text.is_empty() { Ok(Self::default()) } else { Self::new(text.split(' ')) }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, token) in self.0.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{token}")?;
        }
        Ok(())
    }
}

fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|octet| matches!(octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadScope, Scopes};

    #[test]
    fn order_and_repetition_mean_nothing() {
        let one: Scopes = "openid email openid".parse().unwrap();
        assert_eq!(one, "email openid".parse().unwrap());
        assert_eq!(one.to_string(), "email openid");
    }

    #[test]
    fn what_the_grammar_does_not_have_is_refused() {
        for text in [" ", "a ", " a", "a  b", "a\tb", "a\"", "a\\b", "ä", "a\u{7f}", "a\u{0}"] {
            assert_eq!(text.parse::<Scopes>(), Err(BadScope::Token), "{text:?}");
        }
        let many: Vec<_> = (0..101).map(|number| number.to_string()).collect();
        assert_eq!(Scopes::new(many), Err(BadScope::TooMany));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_understood(tokens in proptest::collection::vec("[!#-\\[\\]-~]{1,9}", 0..9)) {
            let scopes = Scopes::new(tokens.clone()).unwrap();
            prop_assert_eq!(&scopes.to_string().parse::<Scopes>().unwrap(), &scopes);
            prop_assert!(tokens.iter().all(|token| scopes.contains(token)));
        }

        #[test]
        fn a_subset_has_nothing_else(one in proptest::collection::vec("[a-d]", 0..4), two in proptest::collection::vec("[a-d]", 0..4)) {
            let (small, large) = (Scopes::new(one).unwrap(), Scopes::new(two).unwrap());
            prop_assert_eq!(small.is_subset(&large), small.iter().all(|token| large.contains(token)));
        }
    }
}
