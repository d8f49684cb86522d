use agentdb_billing_rating::Period;
use agentdb_control_plane_contract::{Checkpoint, CheckpointReply, Counter, Source, usage::MAX_COUNTERS};
use agentdb_ids::NodeId;
use agentdb_problem::{Code, Json, Problem};
use axum::{Extension, extract::State};

use crate::{billing::AppState, store::MAX_VALUE};

/// `POST /internal/v1/usage/checkpoints`: takes a node's report. Everything in it is durable when this answers. Doing it
/// again changes nothing.
pub(crate) async fn create_usage_checkpoint(
    State(state): State<AppState>,
    Extension(node_id): Extension<NodeId>,
    Json(checkpoint): Json<Checkpoint>,
) -> Result<Json<CheckpointReply>, Problem> {
    check(&checkpoint, node_id)?;
    let (running, _) = state.running()?;
    let months = state.store.take_checkpoint(&checkpoint, running, state.clock.now()).await?;
    Ok(Json(CheckpointReply { sequence: checkpoint.sequence, months }))
}

fn check(checkpoint: &Checkpoint, node_id: NodeId) -> Result<(), Problem> {
    if checkpoint.node_id != node_id {
        return Err(Problem::new(Code::Forbidden, "A node reports for itself alone."));
    }
    if checkpoint.counters.len() > MAX_COUNTERS || checkpoint.interest.len() > MAX_COUNTERS {
        let detail = format!("A report has at most {MAX_COUNTERS} counters, and names as many organisations.");
        return Err(Problem::new(Code::PayloadTooLarge, detail));
    }
    match checkpoint.counters.iter().enumerate().find_map(|(i, counter)| Some((i, wrong(counter)?))) {
        Some((i, (field, detail))) => Err(Problem::invalid(format!("/counters/{i}/{field}"), "invalid_value", detail)),
        None => Ok(()),
    }
}

fn wrong(counter: &Counter) -> Option<(&'static str, String)> {
    if counter.value > MAX_VALUE {
        return Some(("value", format!("a counter of an hour is at most {MAX_VALUE}")));
    }
    if counter.hour < 0 || Period::month_of_hour(counter.hour).is_none() {
        return Some(("hour", "whole hours since the Unix epoch".to_owned()));
    }
    match counter.source {
        Source::Log(namespace_id) if namespace_id != counter.namespace_id => {
            Some(("source", "a namespace's log counts that namespace alone".to_owned()))
        }
        Source::Log(_) | Source::Node(_) => None,
    }
}
