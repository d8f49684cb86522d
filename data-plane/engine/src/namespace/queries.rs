//! Reads that rank or order: their parameters, checked against the collection.

use std::sync::Arc;

use super::Namespace;
use super::errors::ReadError;
use super::reads::{bad, check_filter};
use super::shared::refuse_unless_serving;
use super::types::{Commit, ReadOf};
use crate::filter::Filter;
use crate::schema::{AttributeType, Schema, check_numbers, limits, no_vector_column};
use crate::search::{
    self, ColdTable, Fusion, Hit, Include, Mode, OrderBy, Ordered, OrderedPage, Position, Query, SearchError, View,
};
use crate::store::IoScope;

/// Bytes of a query text.
const MAX_QUERY_TEXT: usize = 64 << 10;

impl Namespace {
    /// The best records for a query, best first, ties by id.
    ///
    /// # Errors
    /// [`ReadError::BadQuery`] when the query does not fit the collection, or the hits' records exceed
    /// [`crate::Config::max_read_bytes`].
    pub async fn query(&self, collection: &str, query: Query) -> Result<ReadOf<Vec<Hit>>, ReadError> {
        let scope = Arc::new(IoScope::default());
        if let Some((view, commit)) = self.cold_view(collection, &query, &scope).await? {
            match search::query(view, query.clone(), self.room()).await {
                // The index is there to be quick: without it all rows are looked at.
                Err(SearchError::Table(error)) => tracing::warn!(collection, %error, "the vector index was of no use"),
                found => {
                    let value = found.map_err(|error| self.failed("top_k", &error))?;
                    return self.answer(value, commit, scope.io());
                }
            }
        }
        let (view, commit) = self.view(collection, &scope).await?;
        check_query(&view.schema, &query).map_err(|e| self.refusal(e))?;
        let value = search::query(view, query, self.room()).await.map_err(|e| self.failed("top_k", &e))?;
        self.answer(value, commit, scope.io())
    }

    /// The answers of up to 16 queries, in their order, all of one commit. Together they may hold
    /// [`crate::Config::max_read_bytes`].
    ///
    /// # Errors
    /// As [`Namespace::query`]; `why` begins with the place of the query that is wrong, as `queries[0]`.
    pub async fn multi_query(&self, collection: &str, queries: Vec<Query>) -> Result<ReadOf<Vec<Vec<Hit>>>, ReadError> {
        if !(1..=limits::MAX_QUERIES).contains(&queries.len()) {
            return Err(bad("queries", format!("must be 1 to {}", limits::MAX_QUERIES)));
        }
        let scope = Arc::new(IoScope::default());
        let (view, commit) = self.view(collection, &scope).await?;
        for (at, query) in queries.iter().enumerate() {
            check_query(&view.schema, query).map_err(|error| self.refusal(of_query(at, error)))?;
        }
        let answers = search::queries(view, queries, self.room()).await;
        let value = answers.map_err(|(at, error)| of_query(at, self.failed("top_k", &error)))?;
        self.answer(value, commit, scope.io())
    }

    /// Up to `limit` (1..=1000) records that pass the filter behind a place, in the order of an attribute. The page
    /// ends early when it holds [`crate::Config::max_read_bytes`].
    ///
    /// # Errors
    /// [`ReadError::BadQuery`] when the order does not fit the collection.
    pub async fn scan_ordered(
        &self,
        collection: &str,
        filter: Option<Filter>,
        order: OrderBy,
        after: Option<Position>,
        limit: usize,
        include: Include,
    ) -> Result<ReadOf<OrderedPage>, ReadError> {
        if !(1..=limits::MAX_TOP_K).contains(&limit) {
            return Err(bad("limit", format!("must be 1 to {}", limits::MAX_TOP_K)));
        }
        let scope = Arc::new(IoScope::default());
        let (view, commit) = self.view(collection, &scope).await?;
        check_filter(&view.schema, filter.as_ref()).map_err(|e| self.refusal(e))?;
        let column = column_of("order_by", &view.schema, &order.attribute)?;
        let kind = view.schema.attributes[&order.attribute];
        if after.as_ref().and_then(|after| after.value.as_ref()).is_some_and(|value| value.attribute_type() != kind) {
            return Err(bad("cursor", format!("it is of another order than by {:?}", order.attribute)));
        }
        let asked = Ordered { column, descending: order.descending, filter, after, limit };
        let page = search::ordered(view, asked, include, self.room()).await;
        let value = page.map_err(|error| self.failed("limit", &error))?;
        self.answer(value, commit, scope.io())
    }

    /// The collection for a query by the vector index of its table, when its rows are not in memory; they are brought
    /// there meanwhile, if there is room, for the queries after this one.
    async fn cold_view(
        &self,
        collection: &str,
        query: &Query,
        scope: &Arc<IoScope>,
    ) -> Result<Option<(Arc<View>, Commit)>, ReadError> {
        // What has no direction is as far from everything, and groups and exact answers are of all rows: an index is no
        // help.
        let Mode::Vector { vector } = &query.mode else { return Ok(None) };
        if vector.iter().all(|x| *x == 0.0) || query.group_by.is_some() || query.exact {
            return Ok(None);
        }
        let (cold, commit) = {
            let state = self.shared.state.read();
            refuse_unless_serving(&state)?;
            let found = state.collections.get(collection).ok_or_else(|| self.shared.no_such_collection())?;
            let Some(cold) = found.cold(&query.column) else { return Ok(None) };
            (cold, state.commit)
        };
        check_query(&cold.view.schema, query)?;
        let tables = self.shared.tables.counted(scope);
        let dataset = tables.open_known(cold.table, cold.version, Some(&cold.layout)).await;
        let dataset = Arc::new(dataset.map_err(|e| ReadError::Unavailable(e.to_string()))?);
        let (include, room) = (query.include, self.room());
        let table = ColdTable { dataset, touched: cold.touched, include, room };
        self.load_meanwhile(collection);
        Ok(Some((Arc::new(View { cold: Some(table), ..cold.view }), commit)))
    }

    /// Brings the rows of a collection into memory beside whoever waits for an answer, if there can be room.
    pub(super) fn load_meanwhile(&self, collection: &str) {
        let shared = Arc::clone(&self.shared);
        if shared.loading.try_lock().is_err() {
            return;
        }
        let collection = collection.to_owned();
        self.tasks.spawn(async move {
            let loaded = tokio::select! {
                () = shared.cancel.cancelled() => return,
                loaded = shared.load_whole_image(&collection) => loaded,
            };
            if let Err(error) = loaded {
                tracing::warn!(collection, %error, "a collection could not be brought into memory");
            }
        });
    }
}

fn of_query(at: usize, error: ReadError) -> ReadError {
    match error {
        ReadError::BadQuery { field, why } => bad(field, format!("queries[{at}]: {why}")),
        other => other,
    }
}

fn check_query(schema: &Schema, query: &Query) -> Result<(), ReadError> {
    if !(1..=limits::MAX_TOP_K).contains(&query.top_k) {
        return Err(bad("top_k", format!("must be 1 to {}", limits::MAX_TOP_K)));
    }
    let (vector, text, alpha) = match &query.mode {
        Mode::Vector { vector } => (Some(vector), None, None),
        Mode::Text { text } => (None, Some(text), None),
        Mode::Hybrid { vector, text, fusion: Fusion::Weighted(alpha) } => (Some(vector), Some(text), Some(*alpha)),
        Mode::Hybrid { vector, text, fusion: Fusion::Rrf } => (Some(vector), Some(text), None),
    };
    if let Some(vector) = vector {
        let Some((_, spec)) = schema.vector_column(&query.column) else {
            return Err(bad("vector", no_vector_column(schema, &query.column)));
        };
        check_numbers(vector, spec.dimension as usize).map_err(|why| bad("vector", why))?;
    }
    if let Some(text) = text {
        if schema.text.is_none() {
            return Err(bad("text", "the collection has no text column".to_owned()));
        }
        if text.len() > MAX_QUERY_TEXT {
            return Err(bad("text", format!("{} bytes; at most {MAX_QUERY_TEXT} are allowed", text.len())));
        }
    }
    check_filter(schema, query.filter.as_ref())?;
    match alpha {
        Some(alpha) if !(0.0..=1.0).contains(&alpha) => Err(bad("alpha", "must be 0 to 1".to_owned())),
        _ => check_bounds(schema, query),
    }
}

fn check_bounds(schema: &Schema, query: &Query) -> Result<(), ReadError> {
    if query.max_distance.is_some() && matches!(query.mode, Mode::Text { .. }) {
        return Err(bad(
            "max_distance",
            "the query has no vector that rows could be near to; use `min_score`".to_owned(),
        ));
    }
    for (field, bound) in [("max_distance", query.max_distance), ("min_score", query.min_score)] {
        if bound.is_some_and(|bound| !bound.is_finite()) {
            return Err(bad(field, "must be a finite number".to_owned()));
        }
    }
    let Some(group) = &query.group_by else { return Ok(()) };
    column_of("group_by", schema, &group.attribute)?;
    if group.size == 0 || query.top_k * group.size > limits::MAX_TOP_K {
        let why = format!("must be at least 1, and with top_k groups at most {} rows in all", limits::MAX_TOP_K);
        return Err(bad("group_size", why));
    }
    Ok(())
}

/// The attribute that rows are grouped or ordered by.
fn column_of(field: &'static str, schema: &Schema, attribute: &str) -> Result<usize, ReadError> {
    match schema.attributes.iter().enumerate().find(|(_, (name, _))| *name == attribute) {
        None => Err(bad(field, format!("the collection declares no attribute {attribute:?}"))),
        Some((_, (_, AttributeType::StringList))) => {
            Err(bad(field, format!("{attribute:?} is a string_list; take an attribute that holds one value")))
        }
        Some((column, _)) => Ok(column),
    }
}
