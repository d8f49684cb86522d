//! The product as a stranger meets it: the real program, a real PostgreSQL, a real object store, HTTP.
//!
//! Owns: the harness that starts and ends these processes, a small typed client, and the suites under `tests/suite`.
//! Does not own: tests of pure rules, which stand beside their code. Invariants: nothing here reaches into the product's
//! crates to make a test pass; every wait has a deadline; every process that was started is gone when its handle is.
//! It fails with what the program said: logs of a run that did not end well are printed.

pub mod bench;
pub mod demo;
pub mod harness;
pub mod peers;
pub mod relevance;
