use chrono::{DateTime, Utc};
use totp_rs::{Algorithm, Builder};
use url::form_urlencoded;

/// Bytes of a seed: as many as SHA-1 gives.
pub(crate) const SEED_LEN: usize = 20;

/// What apps show above the codes.
const ISSUER: &str = "AgentDB Cloud";

/// What every app understands: some ignore what an address says of these.
const DIGITS: u8 = 6;
const STEP_S: u64 = 30;

/// Codes of so many steps before and after are taken: clocks differ, and typing takes time.
const SKEW: u16 = 1;

/// The step of time whose code this is, compared in constant time. White space in it does not count.
pub(super) fn step_of(seed: &[u8; SEED_LEN], code: &str, now: DateTime<Utc>) -> Option<i64> {
    let code: String =
        code.chars().filter(|character| !character.is_whitespace()).take(usize::from(DIGITS) + 1).collect();
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_S)
        .with_skew(SKEW)
        .with_secret(*seed)
        .build()
        .ok()?;
    let step = totp.check(&code, u64::try_from(now.timestamp()).ok()?)?;
    i64::try_from(step).ok()
}

/// What an app reads from a QR code.
pub(crate) fn otpauth_url(email: &str, secret: &str) -> String {
    // Form encoding writes a space as `+`, which apps show as it is.
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    format!(
        "otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
        issuer = encoded(ISSUER),
        email = encoded(email),
    )
}

/// RFC 4648 without padding, as apps take it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8; SEED_LEN] = b"12345678901234567890";

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("a time")
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(SEED, code, at(second)), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_late_and_no_further() {
        let step = 1_234_567_890 / 30;
        for (second, good) in [
            ((step - 1) * 30 - 1, false),
            ((step - 1) * 30, true),
            (step * 30, true),
            ((step + 2) * 30 - 1, true),
            ((step + 2) * 30, false),
        ] {
            assert_eq!(step_of(SEED, "005924", at(second)), good.then_some(step), "{second}");
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        let now = at(1_234_567_890);
        assert_eq!(step_of(SEED, " 005 924 ", now), Some(1_234_567_890 / 30));
        for wrong in ["", "5924", "05924", "0059240", "+05924", "00592a", "００５９２４", "-05924"] {
            assert_eq!(step_of(SEED, wrong, now), None, "{wrong}");
        }
        assert_eq!(step_of(b"another seed of ours", "005924", now), None);
    }

    #[test]
    fn a_seed_is_written_as_apps_read_it() {
        // RFC 4648, section 10.
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            otpauth_url("ada+1@example.com", "GEZD"),
            "otpauth://totp/AgentDB%20Cloud:ada%2B1%40example.com?secret=GEZD&issuer=AgentDB%20Cloud&algorithm=SHA1\
             &digits=6&period=30"
        );
    }
}
