//! Records of a collection.

mod condition;
pub(crate) mod count;
pub(crate) mod cursor;
pub(crate) mod delete;
pub(crate) mod fetch;
mod filter;
mod ids;
mod input;
pub(crate) mod multi_query;
pub(crate) mod patch;
pub(crate) mod query;
pub(crate) mod recall;
pub(crate) mod scan;
pub(crate) mod upsert;
