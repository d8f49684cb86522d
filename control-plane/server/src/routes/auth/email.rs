use agentdb_problem::Problem;

use crate::state::token_sha256;

/// The longest address, by RFC 5321.
const MAX_LEN: usize = 254;

/// An address that mail can be sent to, as typed but for white space around it.
pub(in crate::routes) fn parse(text: &str) -> Result<String, Problem> {
    let email = text.trim();
    let wrong = |why: &str| Err(Problem::invalid("/email", "invalid_email", why));
    if email.len() > MAX_LEN {
        return wrong("an e-mail address has at most 254 characters");
    }
    let public = email.parse::<lettre::Address>().is_ok_and(|address| address.domain().contains('.'));
    if !email.is_ascii() || !public {
        return wrong("this is not an e-mail address such as name@example.com");
    }
    Ok(email.to_owned())
}

/// The same for all ways to write an address.
pub(in crate::routes) fn throttle_key(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// What failed log-ins are counted by: the address may be somebody's who never was here.
pub(super) fn digest(email: &str) -> [u8; 32] {
    token_sha256(&throttle_key(email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_checked() {
        assert_eq!(parse(" Name+tag@example.com ").ok().as_deref(), Some("Name+tag@example.com"));
        for wrong in
            ["", "name", "name@", "@example.com", "a b@example.com", "ä@example.com", "name@localhost", "a.b@localhost"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&format!("{}@example.com", "x".repeat(250))).is_err());
        assert!(parse("a@example.com\r\nBcc: b@example.com").is_err());
    }
}
