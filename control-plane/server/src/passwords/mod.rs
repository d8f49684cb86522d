//! What a password must be, and how it is kept.

mod hasher;

pub(crate) use hasher::{Hasher, HasherError};

/// The shortest password, in characters.
pub(crate) const MIN_LEN: usize = 10;

/// The longest, in characters.
const MAX_LEN: usize = 256;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("a password has 10 to 256 characters")]
    Length,
    #[error("the password must not be, or be made of, the e-mail address")]
    Email,
    #[error("this password is among the first that are tried; choose another")]
    Common,
}

impl PasswordError {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "password_length",
            Self::Email => "password_is_email",
            Self::Common => "password_common",
        }
    }
}

/// Whether it may be somebody's password. None is longer; hashing megabytes would be a gift to whoever sends them.
pub(crate) fn fits(password: &str) -> bool {
    password.chars().take(MAX_LEN + 1).count() <= MAX_LEN
}

/// Checks a new password: its length, that it is not the address or a part of it, that it is not well known.
pub(crate) fn check(password: &str, email: &str) -> Result<(), PasswordError> {
    if !(MIN_LEN..=MAX_LEN).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let lower = password.to_lowercase();
    let email = email.to_lowercase();
    let local = email.split('@').next().unwrap_or_default();
    if lower == email || lower == local {
        return Err(PasswordError::Email);
    }
    let mut characters = lower.chars();
    let first = characters.next();
    if characters.all(|c| Some(c) == first) || include_str!("common.txt").lines().any(|common| common == lower) {
        return Err(PasswordError::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_enough_unknown_and_not_the_address() {
        let check = |password: &str| check(password, "Someone.Long@example.com");
        assert_eq!(check("plum tree 77"), Ok(()));
        assert_eq!(check("ninechars"), Err(PasswordError::Length));
        assert_eq!(check(&"aß".repeat(128)), Ok(()), "characters count, not bytes");
        assert_eq!(check(&"ab".repeat(129)), Err(PasswordError::Length));
        assert_eq!(check("someone.long@EXAMPLE.com"), Err(PasswordError::Email));
        assert_eq!(check("SOMEONE.LONG"), Err(PasswordError::Email));
        assert_eq!(check("Password1234"), Err(PasswordError::Common));
        assert_eq!(check("zzzzzzzzzzzzz"), Err(PasswordError::Common));
    }
}
