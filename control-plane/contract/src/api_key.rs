//! The text of an API key: `adb_<key id>_<secret><checksum>`.
//!
//! The key id is the 26 characters of an [`ApiKeyId`] without its prefix, the secret 32 random bytes in
//! hex, the checksum CRC-32 (IEEE) of everything before it in 8 hex digits: it tells a typing mistake
//! from a wrong key without a look-up.

use std::fmt;

use agentdb_clock::Entropy;
use agentdb_ids::ApiKeyId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What every key starts with.
pub const PREFIX: &str = "adb_";

const SECRET_BYTES: usize = 32;
const SECRET_LEN: usize = SECRET_BYTES * 2;
const CHECKSUM_LEN: usize = 8;
const ID_LEN: usize = 26;
const LEN: usize = PREFIX.len() + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN;

/// A well-formed key: id, secret and a checksum that fits. Whether it is known is another question.
#[derive(Clone)]
pub struct ApiKeyToken {
    key_id: ApiKeyId,
    text: String,
}

impl ApiKeyToken {
    /// A new key for `key_id` with 256 random bits.
    #[must_use]
    pub fn generate(key_id: ApiKeyId, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; SECRET_BYTES];
        entropy.fill(&mut secret);
        let id = key_id.to_string();
        let body = format!("{PREFIX}{}_{}", &id[ApiKeyId::PREFIX.len() + 1..], hex::encode(secret));
        let text = format!("{body}{:08x}", crc32fast::hash(body.as_bytes()));
        Self { key_id, text }
    }

    /// Reads a key as a caller sent it. `None` when it cannot be one: no look-up is worth it then.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != LEN || !text.is_ascii() {
            return None;
        }
        let (body, checksum) = text.split_at(LEN - CHECKSUM_LEN);
        let expected = format!("{:08x}", crc32fast::hash(body.as_bytes()));
        if checksum != expected {
            return None;
        }
        let rest = body.strip_prefix(PREFIX)?;
        let (id, secret) = rest.split_at(ID_LEN);
        let secret = secret.strip_prefix('_')?;
        if !secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        let key_id = format!("{}_{id}", ApiKeyId::PREFIX).parse().ok()?;
        Some(Self { key_id, text: text.to_owned() })
    }

    /// The key's id, which is no secret.
    #[must_use]
    pub const fn key_id(&self) -> ApiKeyId {
        self.key_id
    }

    /// What is stored: SHA-256 of the whole text, lower-case hex. The secret has 256 random bits, so a
    /// slow hash would protect nothing.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// Whether this is the key whose [`Self::sha256`] was stored; takes the same time for any two texts.
    #[must_use]
    pub fn matches(&self, stored_sha256: &str) -> bool {
        self.sha256().as_bytes().ct_eq(stored_sha256.as_bytes()).into()
    }

    /// The whole text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyToken({}, ***)", self.key_id)
    }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::{ManualClock, SeededEntropy};
    use chrono::DateTime;

    use super::*;

    fn token() -> ApiKeyToken {
        let entropy = SeededEntropy::new(3);
        let id = ApiKeyId::generate(&ManualClock::at(DateTime::UNIX_EPOCH), &entropy);
        ApiKeyToken::generate(id, &entropy)
    }

    #[test]
    fn a_key_reads_back_and_matches_its_hash_alone() {
        let token = token();
        let read = ApiKeyToken::parse(token.expose()).expect("a key reads back");
        assert_eq!(read.key_id(), token.key_id());
        assert!(read.matches(&token.sha256()));
        assert!(!read.matches(&"0".repeat(64)));
        assert!(!read.matches(""));
    }

    #[test]
    fn any_changed_character_breaks_the_checksum() {
        let text = token().expose().to_owned();
        for i in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[i] = if bytes[i] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).expect("ASCII stays ASCII");
            assert!(ApiKeyToken::parse(&changed).is_none(), "position {i}");
        }
        assert!(ApiKeyToken::parse("").is_none());
        assert!(ApiKeyToken::parse(&"é".repeat(LEN / 2)).is_none());
    }

    #[test]
    fn debug_output_has_no_secret() {
        let token = token();
        assert!(!format!("{token:?}").contains(&token.expose()[40..60]));
    }
}
