//! What keys allow, as far as this node has asked.
//!
//! Owns the cache: how long an answer is believed, what a change of a key does to it, and its copy on disk; and when
//! and from where keys were last used, until the control plane has it. Does not own what a grant means for a request:
//! that is admission.
//!
//! Invariants: an expired key is never accepted, whatever the cache says; an answer older than a change
//! already heard of is dropped; nothing here grows without bound.

mod cache;
mod flight;
mod saved;
mod uses;

pub(crate) use cache::{GrantCache, GrantError};
pub(crate) use uses::KeyUseLog;
