//! Crockford's base 32 of 128 bits, most significant first: 26 characters, the first at most `7`.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
pub(crate) const LEN: usize = 26;

pub(crate) fn encode(value: u128) -> String {
    (0..LEN).rev().map(|i| char::from(ALPHABET[((value >> (5 * i)) & 31) as usize])).collect()
}

/// `None` unless `text` is exactly what [`encode`] would give: no upper case, no look-alikes, no overflow.
pub(crate) fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != LEN || bytes[0] > b'7' {
        return None;
    }
    bytes.iter().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|c| c == byte)?;
        Some((value << 5) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_text() {
        for value in [0, 1, 31, 32, u128::MAX, u128::MAX / 3] {
            assert_eq!(decode(&encode(value)), Some(value));
        }
        assert_eq!(decode("80000000000000000000000000"), None, "overflows 128 bits");
        assert_eq!(decode("0000000000000000000000000A"), None, "upper case");
        assert_eq!(decode("0000000000000000000000000"), None, "short");
        assert_eq!(decode("0000000000000000000000000é"), None, "not ASCII");
    }
}
