//! What a query asks and what it answers.

use crate::filter::Filter;
use crate::schema::{DEFAULT_VECTOR, Record, Value};

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
    /// Hits wanted, 1..=1000; groups, when the query is grouped.
    pub top_k: usize,
    /// Rows farther than this are no candidates by vector; in a hybrid query they can still be found by their text.
    pub max_distance: Option<f32>,
    /// Hits with a lower score are left out.
    pub min_score: Option<f32>,
    /// Hits by group instead of one by one.
    pub group_by: Option<GroupBy>,
    /// Whether every row is looked at, even where an index would answer faster and nearly as well.
    pub exact: bool,
    /// Which columns the hits' records carry beside the id.
    pub include: Include,
}

impl Query {
    /// The best `top_k` of all rows by `mode`, with every column but the vector.
    #[must_use]
    pub fn new(mode: Mode, top_k: usize) -> Self {
        Self {
            mode,
            column: DEFAULT_VECTOR.to_owned(),
            filter: None,
            top_k,
            max_distance: None,
            min_score: None,
            group_by: None,
            exact: false,
            include: Include::default(),
        }
    }
}

/// The best rows of the best groups. A group is the rows with one value of the attribute; rows without one are a
/// group, too. The answer is the `top_k` groups with the best first row, and of each its `size` best rows, wherever
/// these rank among all: groups stand in the order of their first rows, and a group's rows together, best first.
///
/// Every row that passes the filter is a candidate. Of a hybrid query the rows are that its two rankings give: of each
/// the best `max(100, 3 * top_k * size)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBy {
    /// An attribute of any type but `string_list`.
    pub attribute: String,
    /// Rows of a group, at least 1; `top_k * size` is at most 1000.
    pub size: usize,
}

/// The order of a scan by an attribute. Rows with equal values are in the order of their ids; rows without a value
/// come last, whichever the direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// An attribute of any type but `string_list`.
    pub attribute: String,
    /// Whether the largest value is first.
    pub descending: bool,
}

/// A place in the order of a scan, whether or not a row is there: what is written meanwhile moves no other row across
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The value of the attribute, `None` when it is null.
    pub value: Option<Value>,
    /// The id.
    pub id: String,
}

/// Records in the order of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where the last one is: what the next page comes after.
    pub last: Option<Position>,
    /// Whether there are more behind it.
    pub more: bool,
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
    /// The 1-based rank among the vector candidates; of a grouped query that is not hybrid, among the rows answered.
    pub vector_rank: Option<u32>,
    /// The 1-based rank among the text candidates; as above.
    pub text_rank: Option<u32>,
    /// The value that the row's group has in common, when the query is grouped and it is not null.
    pub group: Option<Value>,
}
