//! What the planes may know of each other.
//!
//! Owns the types that cross a plane's border, the API key's text form, the paths of `/internal/v1` and
//! the authentication of calls between planes. Does not own any decision: who may do what is decided by
//! the control plane, what is counted by the data plane, what it costs by billing.
//!
//! Invariants: everything here is additive between releases, since planes are upgraded one by one; a
//! secret never appears in `Debug` output.

pub mod access;
pub mod address_range;
pub mod api_key;
mod client;
pub mod edition;
pub mod grant;
mod key_limits;
pub mod key_use;
pub mod permission;
pub mod policy;
pub mod signing;
pub mod suspension;
pub mod usage;

pub use access::{OrgScope, Principal, Role};
pub use address_range::AddressRange;
pub use api_key::ApiKeyToken;
pub use client::{ClientError, InternalClient};
pub use edition::{Edition, Feature, Limits, OrgPolicy, Standing};
pub use grant::{Grant, KeyKind, NamespacePattern, Scope};
pub use key_limits::KeyLimits;
pub use key_use::{KeyUse, KeyUses};
pub use permission::Permission;
pub use policy::{Assignment, AssignmentState, PolicyBatch, PolicyEvent};
pub use signing::{NodeCredential, RootSecret};
pub use suspension::Suspension;
pub use usage::{Checkpoint, CheckpointReply, Counter, Meter, MonthTotals, Source};
