use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password, in Unicode code points as they were typed: four times what NIST SP 800-63B section
/// 5.1.1.2 asks for at least, and little enough that nobody keeps the hasher busy with a large one.
pub const MAX_CHARACTERS: usize = 256;

/// A password of a person.
///
/// It has no `Display` and no equality, its `Debug` is `[hidden]`, and its memory is overwritten when it is
/// dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password into custody, as it was typed.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The password itself: only for showing a generated one to the person that it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is longer than [`MAX_CHARACTERS`].
    pub(crate) fn is_too_long(&self) -> bool {
        self.0.chars().nth(MAX_CHARACTERS).is_some()
    }

    /// The form that is measured and hashed: Unicode NFKC, so that the same password typed on two keyboards is
    /// the same password (NIST SP 800-63B section 5.1.1.2).
    pub(crate) fn normalized(&self) -> Zeroizing<String> {
        // Growing would leave copies behind; NFKC grows at most elevenfold in UTF-8 (UAX 15, section 9.1).
        let mut text = String::with_capacity(self.0.len().saturating_mul(11));
        text.extend(self.0.nfkc());
        Zeroizing::new(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_CHARACTERS, Password};

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", Some(Password::new("hunter2"))), "Some([hidden])");
    }

    proptest! {
        #[test]
        fn normalizing_never_needs_more_room_than_it_took(text in "\\PC{0,64}") {
            let normalized = Password::new(text.clone()).normalized();
            prop_assert!(normalized.len() <= text.len() * 11);
            prop_assert_eq!(&*Password::new(normalized.to_string()).normalized(), &*normalized);
        }

        #[test]
        fn length_is_counted_in_code_points(count in 0..2 * MAX_CHARACTERS) {
            prop_assert_eq!(Password::new("\u{1f511}".repeat(count)).is_too_long(), count > MAX_CHARACTERS);
        }
    }
}
