//! What every data route shares.

use std::{sync::Arc, time::Duration};

use agentdb_clock::Clock;
use agentdb_data_plane_embedding::Embedder;

use crate::{admission::Pipeline, drain::Drain};

/// The routes' state. Cheap to clone.
pub(crate) type NodeState = Arc<Shared>;

#[derive(Debug)]
pub(crate) struct Shared {
    pub pipeline: Pipeline,
    pub embedder: Option<Embedder>,
    pub clock: Arc<dyn Clock>,
    pub drain: Arc<Drain>,
    pub request_timeout: Duration,
    pub max_body_bytes: usize,
}
