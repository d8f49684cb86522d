//! One look-up at a time for a key, however many requests wait for it.

use std::{collections::HashMap, sync::Arc};

use agentdb_control_plane_contract::Grant;
use agentdb_ids::ApiKeyId;
use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;

use crate::line::Line;

/// What a look-up came to.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Grant(Arc<Grant>),
    Absent,
    /// From before a change of the key that was heard of meanwhile.
    Outdated,
    Away,
}

type Flight = Shared<BoxFuture<'static, Answer>>;

#[derive(Debug)]
pub(super) struct Flights {
    line: Arc<dyn Line>,
    under_way: Arc<Mutex<HashMap<ApiKeyId, Flight>>>,
}

impl Flights {
    pub(super) fn new(line: Arc<dyn Line>) -> Self {
        Self { line, under_way: Arc::default() }
    }

    /// The look-up of the key that is under way, or a new one whose answer goes through `take`. It goes on
    /// when nobody waits for it any more.
    pub(super) fn join(&self, key_id: ApiKeyId, take: impl FnOnce(Answer) -> Answer + Send + 'static) -> Flight {
        let mut under_way = self.under_way.lock();
        if let Some(flight) = under_way.get(&key_id) {
            return flight.clone();
        }
        let line = Arc::clone(&self.line);
        let flights = Arc::clone(&self.under_way);
        let task = tokio::spawn(async move {
            let answer = match line.grant(key_id).await {
                Ok(Some(grant)) => Answer::Grant(Arc::new(grant)),
                Ok(None) => Answer::Absent,
                Err(error) => {
                    metrics::counter!("agentdb_node_grant_failures_total").increment(1);
                    tracing::debug!(%error, "a grant could not be looked up");
                    Answer::Away
                }
            };
            let answer = take(answer);
            flights.lock().remove(&key_id);
            answer
        });
        let flight = task.map(|answer| answer.unwrap_or(Answer::Away)).boxed().shared();
        under_way.insert(key_id, flight.clone());
        flight
    }
}
