//! Reads that rank or order: their parameters, checked against the collection.

use std::sync::Arc;

use super::Namespace;
use super::errors::ReadError;
use super::reads::{bad, check_filter};
use super::types::ReadOf;
use crate::filter::Filter;
use crate::schema::{AttributeType, Schema, check_numbers, limits, no_vector_column};
use crate::search::{self, Fusion, Hit, Include, Mode, OrderBy, Ordered, OrderedPage, Position, Query};
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
