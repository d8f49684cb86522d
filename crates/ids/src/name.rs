/// The longest name that people may choose, in characters.
pub const NAME_MAX_LEN: usize = 128;

/// Why a text cannot be the name of a namespace, collection or agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than [`NAME_MAX_LEN`].
    #[error("a name has 1 to 128 characters")]
    Length,
    /// Something else than letters, digits, `.`, `_`, `-`.
    #[error("a name consists of A-Z, a-z, 0-9, '.', '_' and '-'")]
    Character,
    /// `.` and `..` mean something else in a URL.
    #[error("'.' and '..' cannot be names")]
    Dots,
}

/// Checks a name that people choose: 1 to 128 of `[A-Za-z0-9._-]`, case kept, not `.` or `..`.
///
/// # Errors
/// Says which rule the text breaks.
pub fn check_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() || text.len() > NAME_MAX_LEN {
        return Err(NameError::Length);
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Err(NameError::Character);
    }
    if text == "." || text == ".." {
        return Err(NameError::Dots);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_not_dots() {
        assert_eq!(check_name("Support.v2_eu-1"), Ok(()));
        assert_eq!(check_name(""), Err(NameError::Length));
        assert_eq!(check_name(&"x".repeat(129)), Err(NameError::Length));
        assert_eq!(check_name("a/b"), Err(NameError::Character));
        assert_eq!(check_name("ä"), Err(NameError::Character));
        assert_eq!(check_name(".."), Err(NameError::Dots));
    }
}
