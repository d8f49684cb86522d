//! Ranking: distances, BM25 and their fusion, over rows wherever they are.
//!
//! Every row is scored by the same functions whether it is in a memtable, in memory as columns, or streamed
//! from Lance, and ties are broken by id: the same rows give the same answer wherever they are.

mod bm25;
mod distance;
mod fuse;
mod inverted;
mod query;
mod rank;
mod remote;
mod room;
mod run;
mod text;
mod topk;
mod view;
mod whole;

pub(crate) use distance::norm;
pub(crate) use inverted::Inverted;
pub use query::{Fusion, Hit, Include, Mode, Page, Query};
pub(crate) use room::Room;
pub(crate) use run::{count, fetch, query, scan};
pub(crate) use text::{Terms, analyze};
pub(crate) use view::{Abandoned, At, SearchError, View};
pub(crate) use whole::whole_rows;
