//! Conditions of requests that write.

use agentdb_data_plane_engine::{Condition, Schema};
use agentdb_problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

use super::filter;

/// What must be true of every record that the request names, at its commit. Otherwise nothing is done, and the answer is
/// a 412 with the commit of the record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WriteCondition {
    /// There is no record of this id.
    Absent,
    /// There is one.
    Present,
    /// Its last write was at this commit, as a fetch tells it, or the receipt of a write under a condition.
    Commit(u64),
    /// It is there and passes this filter.
    Filter(String),
}

impl WriteCondition {
    /// The engine's form, checked against the collection.
    pub(super) fn check(self, schema: &Schema) -> Result<Condition, Problem> {
        Ok(match self {
            Self::Absent => Condition::Absent,
            Self::Present => Condition::Present,
            Self::Commit(commit) => Condition::Commit(commit),
            Self::Filter(text) => {
                let filter = filter::parse(Some(&text), &[], schema).map_err(|problem| problem.under("/if"))?;
                filter.map_or(Condition::Present, Condition::Passes)
            }
        })
    }
}
