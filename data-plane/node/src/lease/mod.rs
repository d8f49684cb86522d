//! The lease on a node's name: the right to answer for the namespaces placed on it.
//!
//! The lease is a chain of objects `nodes/<node>/lease/<n>`, each created only if absent; the highest
//! number holds. Creation-if-absent is the one conditional operation that every store has (a directory has
//! no compare-and-swap of an object's content), and the store is probed for it at start.

mod chain;
mod keeper;

pub(crate) use chain::LeaseChain;
pub(crate) use keeper::{Lease, LeaseKeeper, LeaseOfEpoch};
