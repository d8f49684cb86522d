use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The last row of a page: rows are ordered by hour, meter, namespace and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageCursor {
    pub hour: i64,
    pub meter: String,
    pub namespace_id: Uuid,
    pub key_id: Uuid,
}

impl fmt::Display for UsageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hour, meter, namespace_id, key_id } = self;
        write!(f, "{hour}~{meter}~{}~{}", namespace_id.simple(), key_id.simple())
    }
}

impl FromStr for UsageCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('~');
        let mut next = || parts.next().ok_or(());
        let cursor = Self {
            hour: next()?.parse().map_err(drop)?,
            meter: next()?.to_owned(),
            namespace_id: Uuid::try_parse(next()?).map_err(drop)?,
            key_id: Uuid::try_parse(next()?).map_err(drop)?,
        };
        // One text for one place; and a NUL, which the database refuses, is none of a meter's characters.
        let plain = cursor.meter.bytes().all(|b| b.is_ascii_lowercase() || b"_.0123456789".contains(&b));
        if plain && cursor.to_string() == text { Ok(cursor) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_anything_else_refused() {
        let cursor =
            UsageCursor { hour: 498_000, meter: "query".into(), namespace_id: Uuid::max(), key_id: Uuid::nil() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        let text = cursor.to_string();
        for wrong in ["", "~~~", &format!("x{text}"), &format!("{text}~"), &text.replace("query", "qu\0ry")] {
            assert!(wrong.parse::<UsageCursor>().is_err(), "{wrong:?}");
        }
    }
}
