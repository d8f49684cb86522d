//! Who is calling a control operation, once that is known.

use agentdb_ids::{ApiKeyId, OrgId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Edition;

/// What a member may do in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    ReadOnly,
    /// Sees everything, changes what concerns money.
    Billing,
    /// Works with namespaces and keys.
    Developer,
    /// All but deleting the organisation, and making and removing owners.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// Every role, those that may less first.
    pub const ALL: [Self; 5] = [Self::ReadOnly, Self::Billing, Self::Developer, Self::Admin, Self::Owner];

    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Billing => "billing",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("unknown role `{text}`"))
    }
}

/// The caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in person.
    User(UserId),
    /// An API key with the scope `admin`.
    ApiKey(ApiKeyId),
}

/// Proof that the caller may act in an organisation: put into the request's extensions by the control
/// plane's access layer, which is the only maker of it, and read by the handlers behind that layer.
#[derive(Debug, Clone, Copy)]
pub struct OrgScope {
    /// The organisation in the path, which the caller belongs to.
    pub org_id: OrgId,
    /// Who calls.
    pub principal: Principal,
    /// What the caller may do there; an `admin` key acts as [`Role::Admin`].
    pub role: Role,
    /// The organisation's edition at this moment.
    pub edition: Edition,
    /// Whether the caller reaches every namespace of the organisation: people do, keys only with the pattern `*`. What is
    /// true of the organisation as a whole, such as its bill, is told to these alone.
    pub whole_org: bool,
}
