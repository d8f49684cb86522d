//! Carrying admitted work to its end.

use std::{future::Future, sync::Arc};

use agentdb_problem::Problem;
use axum::response::Response;
use tokio::runtime::{Handle, RuntimeFlavor};
use tracing::Instrument as _;

use crate::state::Shared;

/// Does what takes long on a thread that serves requests, whose others go on elsewhere meanwhile.
pub(crate) fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Runs the work on a task of its own: a client that hangs up neither stops it half way nor gets out of
/// being counted.
pub(crate) async fn to_the_end<F>(node: &Arc<Shared>, work: F) -> Result<Response, Problem>
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    let working = node.drain.go_on();
    let limit = node.request_timeout;
    let task = async move {
        let _working = working;
        tokio::time::timeout(limit, work).await
    };
    match tokio::spawn(task.in_current_span()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Problem::unavailable("The request took too long.", 5)),
        Err(panicked) => Err(Problem::internal(panicked)),
    }
}
