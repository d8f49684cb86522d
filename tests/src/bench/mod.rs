//! `make bench`: what the service adds to the engine.
//!
//! The same queries on the same data in one run: by a call of the engine in this process, and through HTTP, admission
//! and metering of a real service, with 1 and with 8 clients that each wait for their answer. And admission and metering
//! alone, without HTTP and engine. The figures and the machine they were taken on go into `docs/performance.md`.

mod admission;
mod data;
mod direct;
mod machine;
mod measure;
mod options;
mod report;
mod run;
mod service;

pub use options::Options;
pub use run::run;
