use std::{fmt, str::FromStr};

use agentdb_clock::{Clock, Entropy};
use uuid::Uuid;

use crate::crockford;

/// Why a text is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `{prefix}_` followed by 26 characters of lower-case base 32")]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier: UUIDv7 of the clock's millisecond and 74 random bits.
            #[must_use]
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 10];
                entropy.fill(&mut random);
                let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The identifier stored as `uuid`.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The form that is stored.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", Self::PREFIX, crockford::encode(self.0.as_u128()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(crockford::decode)
                    .map(|value| Self(Uuid::from_u128(value)))
                    .ok_or(ParseIdError { prefix: Self::PREFIX })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

id_kinds! {
    /// A person.
    UserId = "usr";
    /// An organisation: the tenant.
    OrgId = "org";
    /// A namespace: one key space, one log, one bill.
    NamespaceId = "ns";
    /// An invitation to an organisation (not its token).
    InvitationId = "inv";
    /// An API key (not its secret).
    ApiKeyId = "key";
    /// A signed-in browser.
    SessionId = "ses";
    /// A data-plane node, the same across restarts.
    NodeId = "node";
    /// One life of a node's process.
    IncarnationId = "inc";
    /// A request, as shown in replies and logs.
    RequestId = "req";
    /// An entry of an organisation's audit log.
    AuditEventId = "aud";
}

#[cfg(test)]
mod tests {
    use agentdb_clock::{ManualClock, SeededEntropy};
    use chrono::DateTime;

    use super::*;

    #[test]
    fn text_round_trips_and_kinds_do_not_mix() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let id = OrgId::generate(&clock, &SeededEntropy::new(1));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<NamespaceId>().is_err());
        assert_eq!(serde_json::to_string(&id).expect("an id is text"), format!("\"{id}\""));
    }

    #[test]
    fn later_identifiers_sort_after_earlier_ones() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let entropy = SeededEntropy::new(2);
        let first = OrgId::generate(&clock, &entropy).to_string();
        clock.advance(std::time::Duration::from_millis(1));
        assert!(first < OrgId::generate(&clock, &entropy).to_string());
    }
}
