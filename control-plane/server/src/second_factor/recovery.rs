use agentdb_clock::Entropy;
use agentdb_control_plane_store::TotpFactorId;
use sha2::{Digest as _, Sha256};

/// Codes that are made at once.
const CODES: usize = 10;

/// Characters of a code, of five random bits each: so many that a fast hash protects them.
const LEN: usize = 16;

/// Crockford's, in lower case: nothing in it looks like something else in it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New recovery codes, to be shown once, and what is stored of them.
pub(crate) struct RecoveryCodes {
    /// In groups of four.
    pub codes: Vec<String>,
    pub sha256: Vec<[u8; 32]>,
}

impl RecoveryCodes {
    /// Of a factor.
    pub fn generate(factor: TotpFactorId, entropy: &dyn Entropy) -> Self {
        let (codes, sha256) = (0..CODES)
            .map(|_| {
                let mut random = [0; LEN];
                entropy.fill(&mut random);
                let code = random.map(|byte| ALPHABET[usize::from(byte & 31)]);
                let groups: Vec<_> = code.chunks(4).map(String::from_utf8_lossy).collect();
                (groups.join("-"), stored(factor, &code))
            })
            .unzip();
        Self { codes, sha256 }
    }
}

/// What would be stored of a code of the factor, however it was typed: in capitals, with spaces or without hyphens, with
/// letters for the digits they look like. `None` for what has not the form of one.
pub(super) fn sha256(factor: TotpFactorId, typed: &str) -> Option<[u8; 32]> {
    let mut code = [0; LEN];
    let mut length = 0;
    for character in typed.chars().filter(|character| !character.is_whitespace() && *character != '-') {
        let known = match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let byte = u8::try_from(known).ok().filter(|byte| ALPHABET.contains(byte))?;
        *code.get_mut(length)? = byte;
        length += 1;
    }
    (length == LEN).then(|| stored(factor, &code))
}

/// Different for each factor, so that who has all hashes still has to guess the codes of one person at a time.
fn stored(factor: TotpFactorId, code: &[u8; LEN]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"agentdb recovery code");
    digest.update(factor.as_bytes());
    digest.update(code);
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use agentdb_clock::SystemEntropy;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn ten_codes_are_known_again_however_they_are_typed() {
        let factor = Uuid::from_u128(1);
        let RecoveryCodes { codes, sha256: stored } = RecoveryCodes::generate(factor, &SystemEntropy);
        assert_eq!((codes.len(), stored.len()), (10, 10));
        let mut different = codes.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 10);
        for (code, stored) in codes.iter().zip(&stored) {
            assert_eq!(code.len(), 19, "{code}");
            let spaced = format!(" {} ", code.to_uppercase().replace('-', " "));
            let alike = code.replace('0', "O").replace('1', "l");
            for typed in [code.clone(), code.replace('-', ""), spaced, alike] {
                assert_eq!(sha256(factor, &typed), Some(*stored), "{typed}");
            }
            assert_ne!(sha256(Uuid::from_u128(2), code), Some(*stored), "of another factor");
            for wrong in [&code[1..], &format!("{code}0"), &code.replacen(&code[..1], "u", 1), "123456", ""] {
                assert_eq!(sha256(factor, wrong), None, "{wrong}");
            }
        }
    }
}
