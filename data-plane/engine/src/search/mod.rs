//! Ranking: distances, BM25 and their fusion, over rows wherever they are.

mod query;

pub use query::{Fusion, Hit, Include, Mode, Query};
