use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use uuid::{Uuid, Version};
use zeroize::Zeroizing;

use super::{Kind, LINEAGE, SECRET, Secret, Token};

const ID: usize = 16;
const CHECKSUM: usize = 4;
/// Octets of the longest kind.
const LONGEST: usize = ID + LINEAGE + SECRET + CHECKSUM;

/// Why a text is no credential of the kind that was asked for. Shows nothing of the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    /// It does not begin as this kind does.
    #[error("does not begin with {0}")]
    Prefix(&'static str),
    /// It is shorter or longer than every credential of its kind.
    #[error("is not {0} characters long")]
    Length(usize),
    /// It has a character that base64url (RFC 4648 section 5) does not have, or does not end as it has to.
    #[error("is not base64url after its prefix")]
    Encoding,
    /// It was mistyped, cut or made up.
    #[error("has a wrong checksum")]
    Checksum,
}

pub(super) fn encode<K: Kind>(token: &Token<K>) -> Zeroizing<String> {
    let mut octets = Zeroizing::new([0; LONGEST]);
    let length = length::<K>();
    let id: Uuid = token.id.into();
    octets[..ID].copy_from_slice(id.as_bytes());
    octets[ID..length - CHECKSUM].copy_from_slice(token.octets());
    let checksum = checksum::<K>(&octets[..length - CHECKSUM]);
    octets[length - CHECKSUM..length].copy_from_slice(&checksum);
    // With room for all, so that no shorter copy of the secret is left behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(characters::<K>()));
    text.push_str(K::PREFIX);
    URL_SAFE_NO_PAD.encode_string(&octets[..length], &mut text);
    text
}

pub(super) fn decode<K: Kind>(text: &str) -> Result<Token<K>, Malformed> {
    let encoded = text.strip_prefix(K::PREFIX).ok_or(Malformed::Prefix(K::PREFIX))?;
    if text.len() != characters::<K>() {
        return Err(Malformed::Length(characters::<K>()));
    }
    // The decoder asks for room for whole groups of four characters.
    let mut octets = Zeroizing::new([0; LONGEST + 4]);
    let length = length::<K>();
    let decoded = URL_SAFE_NO_PAD.decode_slice(encoded, &mut octets[..]).map_err(|_| Malformed::Encoding)?;
    if decoded != length {
        return Err(Malformed::Encoding);
    }
    let (body, sum) = octets[..length].split_at(length - CHECKSUM);
    let id = Uuid::from_slice(&body[..ID]).map_err(|_| Malformed::Checksum)?;
    if checksum::<K>(body) != sum || id.get_version() != Some(Version::SortRand) {
        return Err(Malformed::Checksum);
    }
    let mut secret = Secret([0; SECRET + LINEAGE]);
    secret.0[..K::SECRET_LENGTH].copy_from_slice(&body[ID..]);
    Ok(Token { id: id.into(), secret, kind: PhantomData })
}

/// CRC-32 of the prefix and the octets: a token whose prefix was exchanged is refused as well.
fn checksum<K: Kind>(body: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(K::PREFIX.as_bytes());
    hasher.update(body);
    hasher.finalize().to_be_bytes()
}

const fn length<K: Kind>() -> usize {
    ID + K::SECRET_LENGTH + CHECKSUM
}

const fn characters<K: Kind>() -> usize {
    K::PREFIX.len() + (length::<K>() * 8).div_ceil(6)
}
