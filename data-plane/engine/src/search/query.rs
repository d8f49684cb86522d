//! What a query asks and what it answers.

use crate::filter::Filter;
use crate::schema::{DEFAULT_VECTOR, Record};

/// How two rankings become one, over the best `max(100, 3 * top_k)` candidates of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fusion {
    /// Reciprocal rank fusion: the sum of `1 / (60 + rank)` over both rankings.
    Rrf,
    /// `alpha * vector + (1 - alpha) * text`, each scaled to 0..=1 over its own candidates. `alpha` in 0..=1.
    Weighted(f32),
}

/// What is ranked by.
#[derive(Debug, Clone, PartialEq)]
pub enum Mode {
    /// Nearness to a vector.
    Vector {
        /// As many finite numbers as the dimension of the column that [`Query::column`] names.
        vector: Vec<f32>,
    },
    /// BM25 of the text.
    Text {
        /// Words to look for; any of them makes a candidate.
        text: String,
    },
    /// Both.
    Hybrid {
        /// As in [`Mode::Vector`].
        vector: Vec<f32>,
        /// As in [`Mode::Text`].
        text: String,
        /// How the two rankings are joined.
        fusion: Fusion,
    },
}

/// A query of one collection. [`Query::new`] asks the plain question; the other fields narrow it:
/// `Query { filter, ..Query::new(mode, 10) }`.
#[derive(Debug, Clone)]
pub struct Query {
    /// What is ranked by.
    pub mode: Mode,
    /// The vector column that the mode's vector is for.
    pub column: String,
    /// Rows that do not pass are no candidates (a pre-filter: `top_k` counts rows that pass).
    pub filter: Option<Filter>,
    /// Hits wanted, 1..=1000.
    pub top_k: usize,
    /// Which columns the hits' records carry beside the id.
    pub include: Include,
}

impl Query {
    /// The best `top_k` of all rows by `mode`, with every column but the vector.
    #[must_use]
    pub fn new(mode: Mode, top_k: usize) -> Self {
        Self { mode, column: DEFAULT_VECTOR.to_owned(), filter: None, top_k, include: Include::default() }
    }
}

/// Which columns of a record an answer carries. The id is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one independent switch a column")]
pub struct Include {
    /// The vectors.
    pub vector: bool,
    /// The text.
    pub text: bool,
    /// The attributes.
    pub attributes: bool,
    /// The metadata.
    pub metadata: bool,
}

impl Include {
    /// Every column.
    pub const ALL: Self = Self { vector: true, text: true, attributes: true, metadata: true };
    /// The id alone.
    pub const ID: Self = Self { vector: false, text: false, attributes: false, metadata: false };
}

impl Default for Include {
    /// All but the vector.
    fn default() -> Self {
        Self { vector: false, ..Self::ALL }
    }
}

/// Records in the order of their ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Whether there are more behind the last one.
    pub more: bool,
}

/// One answer of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The record, with the columns asked for.
    pub record: Record,
    /// Higher is better. Vector: cosine similarity, dot product, or `1 / (1 + distance)` for Euclidean.
    /// Text: BM25. Hybrid: the fused score.
    pub score: f32,
    /// The distance by the column's metric, when the vector took part and the row was a vector candidate.
    pub distance: Option<f32>,
    /// The BM25 score, when text took part and the row was a text candidate.
    pub bm25: Option<f32>,
    /// The 1-based rank among the vector candidates.
    pub vector_rank: Option<u32>,
    /// The 1-based rank among the text candidates.
    pub text_rank: Option<u32>,
}
