//! The data plane's node: public data routes over the namespaces placed on it.
//!
//! Owns admission, the namespaces' assignments and handles, the lease on the node's name, the count of
//! usage until billing has it. Does not own users, prices, or anything durable beyond what the object
//! store holds, except a small spool of usage and saved copies of what the control plane said.
//!
//! # Invariants
//! - A namespace is reached through an admission alone, which names one organisation and one key.
//! - Nothing is answered without a valid lease, looked at when a request comes and right before its reply.
//! - Work that is answered is counted once; what is refused or fails is not. Counters are cumulative.
//! - What a key may not know of is answered with the same bytes as what is not there.
//! - The node serves with what it knows while the control plane and billing are away.
//!
//! # How it fails
//! No lease, another writer, a store that does not answer: 503 with `Retry-After`. A spool that cannot be
//! written: reads are refused with 503, since they could not be counted.

// The futures of reads and of a hand-over hold those of the engine and of Lance: deeper than what is usual.
#![recursion_limit = "256"]

mod admission;
mod assignments;
mod config;
mod directory;
mod drain;
mod fair;
mod files;
mod grants;
mod lease;
mod line;
mod metering;
mod node;
mod probe;
mod routes;
mod state;
mod tasks;
mod telemetry;

pub use config::{
    AdmissionConfig, AssignmentsConfig, EngineConfig, FairnessConfig, GrantsConfig, LeaseConfig, MeteringConfig,
    NodeConfig,
};
pub use directory::DirectoryError;
pub use metering::units;
pub use node::{Node, NotReady, StartError};
pub use probe::{AdmissionProbe, WrongKey};
pub use routes::openapi;
