//! An in-memory index of vectors for nearest-neighbour search.
//!
//! Owns the graph and a short code of every vector. Does not own the vectors: a search gives the labels of candidates
//! with approximate distances, and the caller orders them by the exact ones.
//!
//! # How it works
//! A hierarchical navigable small world (Malkov and Yashunin 2018) over codes of one byte a number. Links are fixed-width
//! arrays of row numbers in blocks that are never moved, so a row takes its dimension in bytes, `4 * 2 * links` bytes of
//! links and about 30 bytes more. Rows with equal codes hang in a chain on the first of them, so any number of copies
//! takes one place in the graph.
//!
//! Closures are taken as `dyn`, so that all that is hot is compiled here, where optimisation is full.
//!
//! # Invariants
//! - Any number of searches run beside one another and beside the one [`Graph::add`] that runs; none waits for it.
//! - A search visits a bounded number of rows, and says whether that was enough.
//! - The same rows added in the same order under the same seed make the same graph.
//! - No input makes it panic: what is not finite counts as zero, a vector of another length is cut or filled with zeros.

mod chunk;
mod code;
mod graph;
mod key;
mod link;
mod rows;
mod scratch;
mod walk;

pub use code::Metric;
pub use graph::{Found, Graph, Params, Search};
