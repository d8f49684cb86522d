//! Collections of a namespace.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod put;
mod schema;

pub(crate) use schema::CollectionView;

/// The route of one collection.
const ONE: &str = "/v1/namespaces/{namespace}/collections/{collection}";
