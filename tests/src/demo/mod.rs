//! `make demo`: a newcomer's whole way through the public API on real text, with the bill checked at the end.
//!
//! Owns the text (the PostgreSQL manual), how it is cut, the questions, and the client's own count of what it did.
//! Does not own a way around the API: everything the service says here, it would say to anybody. It fails when usage is
//! not what the client did, to the unit, or when too few questions find their page.

mod client;
mod html;
mod ingest;
mod manual;
mod options;
mod passages;
mod questions;
mod report;
mod run;
mod tally;

pub use manual::pages;
pub use options::Options;
pub use passages::{Passage, of_page};
pub use questions::questions;
pub use run::run;
