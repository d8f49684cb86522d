//! A small client of the public API: what is sent is plain JSON, what comes back is status, headers and JSON, so that a
//! test sees exactly what a stranger would.

mod account;
mod api;
mod collection;
mod money;
mod reply;
mod tally;
mod usage;

pub use account::{Account, Key};
pub use api::Api;
pub use collection::Collection;
pub use money::micros;
pub use reply::Reply;
pub use tally::Tally;
pub use usage::{Usage, UsageRow};
