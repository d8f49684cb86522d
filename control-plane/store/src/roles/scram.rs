//! What PostgreSQL keeps of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677), computed here: the server, and its log,
//! never see the password.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// PostgreSQL's own number.
const ITERATIONS: u32 = 4096;

/// The text for `ALTER ROLE … PASSWORD`: base64, digits and `SCRAM-SHA256$:` alone, so it needs no quoting. `None` for a
/// password that is not printable ASCII, which clients would first have to normalise.
pub(super) fn verifier(password: &str, salt: [u8; 16]) -> Option<String> {
    if !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return None;
    }
    let keys = Keys::derive(password.as_bytes(), &salt, ITERATIONS);
    let [salt, stored, server] = [&salt[..], &keys.stored, &keys.server].map(|bytes| STANDARD.encode(bytes));
    Some(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}

struct Keys {
    stored: [u8; 32],
    server: [u8; 32],
}

impl Keys {
    fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = salted(password, salt, iterations);
        Self { stored: Sha256::digest(hmac(&salted, &[b"Client Key"])).into(), server: hmac(&salted, &[b"Server Key"]) }
    }
}

/// `Hi` of RFC 5802: the first block of PBKDF2 with HMAC-SHA-256.
fn salted(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1_u32.to_be_bytes()]);
    let mut all = last;
    for _ in 1..iterations {
        last = hmac(password, &[&last]);
        for (all, last) in all.iter_mut().zip(last) {
            *all ^= last;
        }
    }
    all
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3: what is stored must accept the client's proof and give the server's signature.
    #[test]
    fn the_exchange_of_the_rfc_holds() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
        let keys = Keys::derive(b"pencil", &salt, 4096);
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let exchange =
            format!("n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}");
        let exchange = exchange.as_bytes();
        let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").expect("base64");
        let signature = hmac(&keys.stored, &[exchange]);
        let client_key: Vec<u8> = proof.iter().zip(signature).map(|(proof, signature)| proof ^ signature).collect();
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&client_key)), keys.stored);
        let signed = STANDARD.encode(hmac(&keys.server, &[exchange]));
        assert_eq!(signed, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_password_that_would_need_normalising_is_refused() {
        assert!(verifier("it's $$ \\ ~", [1; 16]).is_some_and(|text| text.starts_with("SCRAM-SHA-256$4096:AQEB")));
        for wrong in ["pässword", "tab\t", "nul\0"] {
            assert_eq!(verifier(wrong, [1; 16]), None);
        }
    }
}
