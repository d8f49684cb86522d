//! Typed identifiers.
//!
//! Outside an identifier is prefixed text, `org_01j9z3k8…`: the prefix names the kind, the rest is the
//! 128 bits of a UUIDv7 in 26 characters of lower-case Crockford base 32, so identifiers sort by the
//! time they were made. Inside it is a [`Uuid`]. One kind cannot be passed for another.

mod crockford;
mod kinds;
mod name;

pub use kinds::{
    ApiKeyId, AuditEventId, IncarnationId, InvitationId, NamespaceId, NodeId, OrgId, ParseIdError, RequestId,
    SessionId, UserId,
};
pub use name::{NAME_MAX_LEN, NameError, check_name};
pub use uuid::Uuid;
