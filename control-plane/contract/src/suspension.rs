//! Who has a namespace refuse its requests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// On whose behalf a namespace is suspended. There may be several at once; only who suspended it resumes it. What is
/// told of several is the greatest: what nobody but us can lift comes before what a payment lifts, and that before what
/// the organisation itself lifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suspension {
    /// The organisation wants it so.
    Organization,
    /// An invoice is unpaid.
    Standing,
    /// Who runs the service wants it so.
    Operator,
}

impl Suspension {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Organization, Self::Standing, Self::Operator];

    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Standing => "standing",
            Self::Operator => "operator",
        }
    }
}

impl std::str::FromStr for Suspension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|by| by.as_str() == text).ok_or_else(|| format!("unknown suspension `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspensions_are_written_in_json_as_in_sql_and_ordered_by_who_can_lift_them() {
        for by in Suspension::ALL {
            assert_eq!(by.as_str().parse(), Ok(by));
            assert_eq!(serde_json::to_value(by).expect("JSON"), by.as_str());
        }
        assert!("nobody".parse::<Suspension>().is_err());
        assert_eq!(Suspension::ALL.into_iter().max(), Some(Suspension::Operator));
        assert!(Suspension::Standing > Suspension::Organization);
    }
}
