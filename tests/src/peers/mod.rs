//! `make peers`: the service beside what else one could use, on the same vectors in one run.
//!
//! Contenders: the engine in a process, the service through HTTP, bare `hnsw_rs`, plain LanceDB, a Chroma server, and
//! PostgreSQL with pgvector. Each is built from the same file, is given as little search effort as reaches a recall of
//! 0.95 on queries that are then not measured, and is asked by 1, 2 and 8 clients that wait for their answers; without a
//! filter, and with one that one row of ten, or of a hundred, passes. Each runs in a process of its own, so that memory
//! and caches of one are not another's. The figures go into `docs/performance.md` and, as JSON, into the cache directory.

mod chroma;
mod connection;
mod contender;
mod course;
mod data;
mod engine;
mod figures;
mod hnsw;
mod install;
mod lance;
mod memory;
mod one;
mod options;
mod pgvector;
mod report;
mod run;
mod served;
mod share;
mod signal;
mod truth;

pub use one::one;
pub use options::Options;
pub use run::run;
