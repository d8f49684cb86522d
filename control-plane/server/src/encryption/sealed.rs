//! The form of a sealed secret:
//!
//! | bytes | |
//! |---|---|
//! | 1 | the form's version |
//! | 8 | the name of the key |
//! | 12, 32, 16 | nonce, data key and tag, AES-256-GCM under the key, bound to all before and the place |
//! | 12, n, 16 | nonce, secret and tag, AES-256-GCM under the data key, bound to the place |
//!
//! A data key encrypts one secret once. A key encrypts data keys under random nonces of 96 bits, for which NIST SP
//! 800-38D (8.3) allows 2^32: far more than there will be rows under one.

use agentdb_clock::Entropy;
use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use super::{
    EncryptionKeys, Place,
    keys::{KEY_ID_LEN, KEY_LEN, Key, cipher},
};

const VERSION: u8 = 1;
const TAG_LEN: usize = 16;
const HEADER_LEN: usize = 1 + KEY_ID_LEN;
const WRAPPED_LEN: usize = NONCE_LEN + KEY_LEN + TAG_LEN;

/// What a sealed secret takes more than the secret.
const OVERHEAD: usize = HEADER_LEN + WRAPPED_LEN + NONCE_LEN + TAG_LEN;

/// Why a sealed secret does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncryptionError {
    /// Cut off, or of a form that this version does not know.
    #[error("this is not a sealed secret")]
    Malformed,
    /// It was taken out of the configuration too early, or the configuration is another service's.
    #[error("it is encrypted under the key {}, which is not configured", hex::encode(.0))]
    UnknownKey([u8; KEY_ID_LEN]),
    /// Changed, or moved from another place.
    #[error("it was changed, or belongs to another place")]
    Refused,
}

/// The parts of a sealed secret.
struct Sealed<'a> {
    header: &'a [u8],
    key_id: [u8; KEY_ID_LEN],
    wrapped: &'a [u8],
    secret: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, EncryptionError> {
        if sealed.len() < OVERHEAD || sealed[0] != VERSION {
            return Err(EncryptionError::Malformed);
        }
        let (header, rest) = sealed.split_at(HEADER_LEN);
        let (wrapped, secret) = rest.split_at(WRAPPED_LEN);
        let mut key_id = [0; KEY_ID_LEN];
        key_id.copy_from_slice(&header[1..]);
        Ok(Self { header, key_id, wrapped, secret })
    }

    fn data_key(&self, keys: &EncryptionKeys, place: &Place) -> Result<Zeroizing<[u8; KEY_LEN]>, EncryptionError> {
        let key = keys.find(self.key_id).ok_or(EncryptionError::UnknownKey(self.key_id))?;
        let opened = open(&key.aead, wrap_binding(self.header, place), self.wrapped)?;
        let mut data_key = Zeroizing::new([0; KEY_LEN]);
        data_key.copy_from_slice(&opened);
        Ok(data_key)
    }
}

impl EncryptionKeys {
    /// The name of the key that encrypts, as it stands in what it has encrypted.
    pub(crate) fn first_id(&self) -> [u8; 8] {
        self.first().id
    }

    /// Seals a secret for its place.
    pub(crate) fn seal(&self, place: &Place, secret: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut data_key = Zeroizing::new([0; KEY_LEN]);
        entropy.fill(&mut *data_key);
        let mut sealed = wrap(self.first(), place, &data_key, entropy);
        sealed.reserve_exact(NONCE_LEN + secret.len() + TAG_LEN);
        append(&mut sealed, &cipher(&data_key), secret_binding(place), secret, entropy);
        sealed
    }

    /// The secret that was sealed for this place.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
        let sealed = Sealed::read(sealed)?;
        let data_key = sealed.data_key(self, place)?;
        open(&cipher(&data_key), secret_binding(place), sealed.secret)
    }

    /// The same secret under the first key; `None` when it is already. The secret itself stays as it was encrypted.
    pub(crate) fn rewrap(
        &self,
        place: &Place,
        sealed: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Option<Vec<u8>>, EncryptionError> {
        let sealed = Sealed::read(sealed)?;
        if sealed.key_id == self.first().id {
            return Ok(None);
        }
        let data_key = sealed.data_key(self, place)?;
        // What does not open is not made to look as if it were this key's.
        open(&cipher(&data_key), secret_binding(place), sealed.secret)?;
        let mut again = wrap(self.first(), place, &data_key, entropy);
        again.extend_from_slice(sealed.secret);
        Ok(Some(again))
    }
}

/// The header and the data key under `key`.
fn wrap(key: &Key, place: &Place, data_key: &[u8; KEY_LEN], entropy: &dyn Entropy) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER_LEN + WRAPPED_LEN);
    header.push(VERSION);
    header.extend_from_slice(&key.id);
    let binding = wrap_binding(&header, place);
    append(&mut header, &key.aead, binding, data_key, entropy);
    header
}

fn wrap_binding(header: &[u8], place: &Place) -> Vec<u8> {
    let mut binding = place.bound("agentdb data key");
    binding.extend_from_slice(header);
    binding
}

fn secret_binding(place: &Place) -> Vec<u8> {
    place.bound("agentdb secret")
}

/// Appends nonce, ciphertext and tag. The plaintext is nowhere but where it came from.
fn append(to: &mut Vec<u8>, key: &LessSafeKey, binding: Vec<u8>, plaintext: &[u8], entropy: &dyn Entropy) {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    to.extend_from_slice(&nonce);
    let begin = to.len();
    to.resize(begin + plaintext.len() + TAG_LEN, 0);
    let (text, tag) = to[begin..].split_at_mut(plaintext.len());
    text.copy_from_slice(plaintext);
    let made = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(binding), text)
        .expect("a few bytes are far from the most that one nonce may encrypt");
    tag.copy_from_slice(made.as_ref());
}

fn open(key: &LessSafeKey, binding: Vec<u8>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(EncryptionError::Malformed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| EncryptionError::Malformed)?;
    let mut text = Zeroizing::new(rest.to_vec());
    let length = key.open_in_place(nonce, Aad::from(binding), &mut text).map_err(|_| EncryptionError::Refused)?.len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use agentdb_clock::SystemEntropy;
    use uuid::Uuid;

    use super::*;

    const SECRET: &[u8] = b"twenty bytes of seed";

    fn place(row: u128) -> Place {
        Place { table: "totp_factors", column: "seed", row: Uuid::from_u128(row) }
    }

    fn key(digit: char) -> EncryptionKeys {
        keys(&[digit])
    }

    fn keys(digits: &[char]) -> EncryptionKeys {
        let lines: Vec<String> = digits.iter().map(|digit| digit.to_string().repeat(64)).collect();
        EncryptionKeys::parse(&lines.join("\n")).expect("keys")
    }

    #[test]
    fn a_secret_opens_in_its_place_and_looks_different_each_time() {
        let keys = key('a');
        let sealed = keys.seal(&place(1), SECRET, &SystemEntropy);
        assert_eq!(sealed.len(), SECRET.len() + OVERHEAD);
        assert!(!sealed.windows(6).any(|part| SECRET.windows(6).any(|clear| clear == part)));
        assert_eq!(keys.open(&place(1), &sealed).expect("it opens").as_slice(), SECRET);
        assert_ne!(keys.seal(&place(1), SECRET, &SystemEntropy)[HEADER_LEN..], sealed[HEADER_LEN..]);
        let empty = keys.seal(&place(1), b"", &SystemEntropy);
        assert!(keys.open(&place(1), &empty).expect("it opens").is_empty());
    }

    #[test]
    fn it_opens_in_no_other_row_column_or_table() {
        let keys = key('a');
        let sealed = keys.seal(&place(1), SECRET, &SystemEntropy);
        let moved = [
            place(2),
            Place { column: "other", ..place(1) },
            Place { table: "webhooks", ..place(1) },
            // The same bytes, cut elsewhere.
            Place { table: "totp_factorss", column: "eed", ..place(1) },
        ];
        for elsewhere in moved {
            assert_eq!(keys.open(&elsewhere, &sealed).err(), Some(EncryptionError::Refused), "{elsewhere:?}");
            let rewrapped = self::keys(&['b', 'a']).rewrap(&elsewhere, &sealed, &SystemEntropy);
            assert_eq!(rewrapped.err(), Some(EncryptionError::Refused), "{elsewhere:?}");
        }
    }

    #[test]
    fn no_byte_can_be_changed_or_cut_off_or_added() {
        let keys = key('a');
        let sealed = keys.seal(&place(1), SECRET, &SystemEntropy);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(&place(1), &changed).is_err(), "byte {at}");
            assert!(keys.open(&place(1), &sealed[..at]).is_err(), "cut at {at}");
        }
        assert_eq!(keys.open(&place(1), &[]).err(), Some(EncryptionError::Malformed));
        assert_eq!(keys.open(&place(1), &sealed[..OVERHEAD - 1]).err(), Some(EncryptionError::Malformed));
        assert!(keys.open(&place(1), &[&sealed[..], &[0]].concat()).is_err());
    }

    #[test]
    fn parts_of_two_secrets_do_not_make_a_third() {
        let keys = key('a');
        let [one, other] = [1, 1].map(|row| keys.seal(&place(row), SECRET, &SystemEntropy));
        let cut = HEADER_LEN + WRAPPED_LEN;
        let mixed = [&one[..cut], &other[cut..]].concat();
        assert_eq!(keys.open(&place(1), &mixed).err(), Some(EncryptionError::Refused));
    }

    #[test]
    fn another_key_opens_nothing_and_is_told_which_one_would() {
        let sealed = key('a').seal(&place(1), SECRET, &SystemEntropy);
        let unknown = EncryptionError::UnknownKey(key('a').first_id());
        assert_eq!(key('b').open(&place(1), &sealed).err(), Some(unknown));
        assert!(unknown.to_string().contains(&hex::encode(key('a').first_id())), "{unknown}");
        // Under another key's name the key that is there refuses.
        let mut renamed = sealed;
        renamed[1..HEADER_LEN].copy_from_slice(&key('b').first_id());
        assert_eq!(key('b').open(&place(1), &renamed).err(), Some(EncryptionError::Refused));
    }

    #[test]
    fn the_first_key_encrypts_all_decrypt_and_what_is_under_others_comes_under_the_first() {
        let old = key('a').seal(&place(1), SECRET, &SystemEntropy);
        let both = keys(&['b', 'a']);
        assert_eq!(both.open(&place(1), &old).expect("it opens").as_slice(), SECRET);
        let new = both.seal(&place(1), SECRET, &SystemEntropy);
        assert_eq!(key('b').open(&place(1), &new).expect("it opens").as_slice(), SECRET);
        assert_eq!(both.rewrap(&place(1), &new, &SystemEntropy), Ok(None));
        let again = both.rewrap(&place(1), &old, &SystemEntropy).expect("it opens").expect("under another");
        assert_eq!(key('b').open(&place(1), &again).expect("it opens").as_slice(), SECRET);
        assert_eq!(key('a').open(&place(1), &again).err(), Some(EncryptionError::UnknownKey(key('b').first_id())));
        assert!(key('b').rewrap(&place(1), &old, &SystemEntropy).is_err(), "the old key is gone too early");
    }
}
