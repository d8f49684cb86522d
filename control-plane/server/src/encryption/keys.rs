use std::{fmt, sync::Arc};

use agentdb_clock::Entropy;
use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// Bytes of a key's name.
pub(super) const KEY_ID_LEN: usize = 8;

/// More keys than that are no rotation but a mistake.
const MAX_KEYS: usize = 16;

/// Why a text holds no keys.
#[derive(Debug, thiserror::Error)]
pub enum EncryptionKeysError {
    /// Nothing but blank lines and comments.
    #[error("there is no key in it; make one with: openssl rand -hex 32")]
    Empty,
    /// The text of the line is not told: it may be a key with a slip.
    #[error("line {0} is not a key, which is 64 hex digits")]
    Malformed(usize),
    /// A key stands in it twice.
    #[error("line {0} is the same key as one before")]
    Repeated(usize),
    /// More than can be meant.
    #[error("there are more than {MAX_KEYS} keys in it")]
    TooMany,
}

/// The keys that stored secrets are encrypted under. The first encrypts, all decrypt.
#[derive(Clone)]
pub struct EncryptionKeys(Arc<[Key]>);

/// A key and the name that it has beside what it encrypts.
pub(super) struct Key {
    pub id: [u8; KEY_ID_LEN],
    /// Wipes itself when it is dropped.
    pub aead: LessSafeKey,
}

impl EncryptionKeys {
    /// The keys in a text of one key a line, 64 hex digits each. Blank lines and those that begin with `#` are passed
    /// over.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn parse(text: &str) -> Result<Self, EncryptionKeysError> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut bytes = Zeroizing::new([0; KEY_LEN]);
            hex::decode_to_slice(line, &mut *bytes).map_err(|_| EncryptionKeysError::Malformed(number + 1))?;
            let key = Key::new(&bytes);
            if keys.iter().any(|known| known.id == key.id) {
                return Err(EncryptionKeysError::Repeated(number + 1));
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(EncryptionKeysError::Empty),
            1..=MAX_KEYS => Ok(Self(keys.into())),
            _ => Err(EncryptionKeysError::TooMany),
        }
    }

    /// One new key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        entropy.fill(&mut *bytes);
        Self(Arc::new([Key::new(&bytes)]))
    }

    /// The one that encrypts.
    pub(super) fn first(&self) -> &Key {
        &self.0[0]
    }

    pub(super) fn find(&self, id: [u8; KEY_ID_LEN]) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl Key {
    fn new(bytes: &[u8; KEY_LEN]) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"agentdb name of an encryption key");
        digest.update(bytes);
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest.finalize()[..KEY_ID_LEN]);
        Self { id, aead: cipher(bytes) }
    }
}

pub(super) fn cipher(key: &[u8; KEY_LEN]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes"))
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKeys({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_holds_a_key_a_line_and_says_which_line_is_none_without_showing_it() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(32));
        let keys = EncryptionKeys::parse(&format!("# made in May\n{a}\n\n  {b} \n")).expect("two keys");
        assert_eq!(format!("{keys:?}"), "EncryptionKeys(2 keys)");
        assert_eq!(keys.first().id, EncryptionKeys::parse(&a).expect("a key").first().id);
        assert!(keys.find(EncryptionKeys::parse(&b).expect("a key").first().id).is_some());
        let said = |text: &str| EncryptionKeys::parse(text).expect_err("no keys").to_string();
        assert!(said("\n# nothing\n").contains("no key"));
        for wrong in [&a[..62], &format!("{a}00"), &a.replace('a', "x")] {
            let said = said(&format!("{b}\n{wrong}"));
            assert!(said.contains("line 2") && !said.contains(&wrong[..8]), "{said}");
        }
        assert!(said(&format!("{a}\n{b}\n{a}")).contains("line 3"));
        let many: Vec<String> = (0..17).map(|key| format!("{key:064x}")).collect();
        assert!(said(&many.join("\n")).contains("more than 16"));
    }
}
