//! `make bench`: what the service adds to the engine.
//!
//! The same queries on the same data in one run: by a call of the engine in this process, and through HTTP, admission
//! and metering of a real service, with 1 and with 8 clients that each wait for their answer. And admission and metering
//! alone, without HTTP and engine. The figures and the machine they were taken on go into `docs/performance.md`.

mod admission;
mod cores;
pub(crate) mod data;
mod direct;
pub mod dummy;
pub mod keys;
pub mod limits;
mod machine;
pub(crate) mod measure;
pub mod neighbour;
mod open_loop;
mod options;
pub(crate) mod page;
mod report;
mod run;
pub(crate) mod service;

pub(crate) use machine::machine;
pub use options::Options;
pub use run::run;
