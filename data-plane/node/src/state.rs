//! What every data route shares.

use std::{sync::Arc, time::Duration};

use agentdb_clock::Clock;
use agentdb_data_plane_embedding::Embedder;

use crate::{admission::Pipeline, drain::Drain, routes::BodyRoom};

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
    pub bodies: BodyRoom,
    /// Proxies in front of the node whose word about the caller's address is believed.
    pub trusted_proxies: u8,
}
