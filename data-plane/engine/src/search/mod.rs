//! Ranking: distances, BM25 and their fusion, over rows wherever they are.
//!
//! Every row is scored by the same functions whether it is in a memtable, in memory as columns, or streamed
//! from Lance, and ties are broken by id: the same rows give the same answer wherever they are.

mod bm25;
mod cold;
mod collect;
mod distance;
mod fuse;
mod inverted;
mod near;
mod ordered;
mod query;
mod rank;
mod recall;
mod remote;
mod room;
mod run;
mod scan;
mod text;
mod topk;
mod view;
mod whole;
mod width;

pub(crate) use cold::ColdTable;
pub(crate) use distance::{Probe, norm};
pub(crate) use inverted::{Inverted, Postings, build_ahead};
pub(crate) use ordered::{Ordered, ordered};
pub use query::{Fusion, GroupBy, Hit, Include, Mode, OrderBy, OrderedPage, Page, Position, Query};
pub use recall::Recall;
pub(crate) use recall::recall;
pub(crate) use room::Room;
pub(crate) use run::{count, fetch, queries, query};
pub(crate) use scan::scan;
pub(crate) use text::{Terms, analyze, forget_words};
pub(crate) use view::{Abandoned, At, SearchError, View};
pub(crate) use whole::whole_rows;
