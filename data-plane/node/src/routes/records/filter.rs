//! Filters in requests.

use agentdb_data_plane_engine::{Filter, FilterError, Schema};
use agentdb_problem::{Code, Problem};

use crate::routes::refusals::pointer;

/// The filter of a request, checked against the collection's schema.
pub(super) fn parse(
    text: Option<&str>,
    params: &[serde_json::Value],
    schema: &Schema,
) -> Result<Option<Filter>, Problem> {
    let Some(text) = text else {
        if params.is_empty() {
            return Ok(None);
        }
        return Err(Problem::invalid("/params", "unused", "there is no `filter` that they could be put into"));
    };
    Filter::parse(text, params, schema).map(Some).map_err(|error| refusal(&error))
}

fn refusal(error: &FilterError) -> Problem {
    let problem = Problem::new(Code::InvalidFilter, error.to_string());
    let problem = problem.with_error(pointer(&error.field), "invalid_filter", error.why.clone());
    match error.position {
        Some(position) => problem.with("position", position),
        None => problem,
    }
}
