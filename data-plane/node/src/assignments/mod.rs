//! The namespaces placed on this node, and the organisations they belong to.
//!
//! Owns what the control plane has said (kept on disk, so that a restart works without it), the handles
//! of open namespaces, draining and deleting. Does not own who may reach a namespace: that is admission.

mod erase;
mod feed;
mod opener;
mod registry;
mod slot;

pub(crate) use erase::Eraser;
pub(crate) use feed::Feed;
pub(crate) use opener::Opener;
pub(crate) use registry::Registry;
pub(crate) use slot::{OpenNamespace, Slot, SlotError};
