//! Proof Key for Code Exchange (RFC 7636).

use authority_entity::sea_orm_active_enums::CodeChallengeMethod;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// `code_challenge` with its method, as an authorization request carries them (RFC 7636 section 4.3).
#[derive(Clone, PartialEq, Eq)]
pub struct CodeChallenge {
    pub(crate) challenge: String,
    pub(crate) method: CodeChallengeMethod,
}

/// `code_verifier`, as a token request carries it (RFC 7636 section 4.5). Never shown.
pub struct CodeVerifier(Zeroizing<String>);

/// Why a text is neither a challenge nor a verifier: RFC 6749 `invalid_request` (RFC 7636 section 4.4.1).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadPkce {
    /// Not 43 characters of unpadded base64url.
    #[error("an S256 code_challenge is SHA-256 in unpadded base64url (RFC 7636 section 4.2)")]
    Challenge,
    /// Not 43 to 128 unreserved characters.
    #[error("a code_verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~ (RFC 7636 section 4.1)")]
    Verifier,
}

impl CodeChallenge {
    /// A challenge by method. Fails when it is none of that method.
    pub fn new(challenge: impl Into<String>, method: CodeChallengeMethod) -> Result<Self, BadPkce> {
        let challenge = challenge.into();
        match method {
            CodeChallengeMethod::S256 => {
                let octets = URL_SAFE_NO_PAD.decode(&challenge).map_err(|_| BadPkce::Challenge)?;
                (octets.len() == 32).then_some(()).ok_or(BadPkce::Challenge)?;
            }
            CodeChallengeMethod::Plain => require_verifier(&challenge)?,
        }
        Ok(Self { challenge, method })
    }
}

impl CodeVerifier {
    /// A verifier as it was presented. Fails when it is none; the error does not show it.
    pub fn new(verifier: impl Into<String>) -> Result<Self, BadPkce> {
        let verifier = Zeroizing::new(verifier.into());
        require_verifier(&verifier)?;
        Ok(Self(verifier))
    }

    /// The challenge that it answers under S256: `BASE64URL(SHA256(ASCII(code_verifier)))`.
    pub(crate) fn s256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes()))
    }

    /// The challenge that it answers under plain.
    pub(crate) fn plain(&self) -> &str {
        &self.0
    }
}

/// Shows the method alone: under `plain` the challenge is the verifier.
impl std::fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeChallenge").field("method", &self.method).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeVerifier([hidden])")
    }
}

fn require_verifier(text: &str) -> Result<(), BadPkce> {
    let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    ((43..=128).contains(&text.len()) && text.bytes().all(unreserved)).then_some(()).ok_or(BadPkce::Verifier)
}

#[cfg(test)]
mod tests {
    use super::{BadPkce, CodeChallenge, CodeChallengeMethod, CodeVerifier};

    #[test]
    fn the_example_of_the_rfc_agrees() {
        // RFC 7636, appendix B.
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(verifier.s256(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(CodeChallenge::new(verifier.s256(), CodeChallengeMethod::S256).is_ok());
        assert_eq!(format!("{verifier:?}"), "CodeVerifier([hidden])");
    }

    #[test]
    fn what_is_too_short_too_long_or_reserved_is_refused() {
        let of = |length: usize| "a".repeat(length);
        for verifier in [of(42), of(129), format!("{}+", of(43)), format!("{}ä", of(43)), String::new()] {
            assert_eq!(CodeVerifier::new(verifier).unwrap_err(), BadPkce::Verifier);
        }
        assert!(CodeVerifier::new(of(43)).is_ok() && CodeVerifier::new(of(128)).is_ok());
        for challenge in [of(42), of(44), format!("{}=", of(43)), format!("{}+", of(42))] {
            assert_eq!(
                CodeChallenge::new(challenge, CodeChallengeMethod::S256).unwrap_err(),
                BadPkce::Challenge
            );
        }
    }
}
