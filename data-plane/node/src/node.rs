//! The node as its process sees it: started, asked whether it is ready, drained.

mod start;

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_contract::InternalClient;
use agentdb_data_plane_embedding::Embedder;
use agentdb_data_plane_engine::Store;
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::start::Parts;
use crate::{
    assignments::Feed,
    config::NodeConfig,
    directory::{DirectoryError, NodeDirectory},
    lease::Lease,
    line::Line,
    routes,
    state::NodeState,
    tasks::Background,
};

/// Namespaces that a stopping node closes at once.
const CLOSED_AT_ONCE: usize = 8;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its directory cannot be had.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Its spool of usage cannot be made or read.
    #[error("the usage spool cannot be used: {0}")]
    Spool(#[from] std::io::Error),
}

/// Why a node should get no requests now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReady {
    /// It does not hold the lease on its name.
    NoLease,
    /// It has never heard what it is to serve.
    NoPolicy,
    /// It is shutting down.
    Draining,
}

/// A running node. Clones are the same node.
#[derive(Debug, Clone)]
pub struct Node(Arc<Running>);

#[derive(Debug)]
struct Running {
    state: NodeState,
    lease: Arc<Lease>,
    feed: Arc<Feed>,
    background: Arc<Background>,
    config: NodeConfig,
    tasks: TaskTracker,
    stop: CancellationToken,
    stop_lease: CancellationToken,
    lease_task: Mutex<Option<JoinHandle<()>>>,
    _directory: NodeDirectory,
}

impl Node {
    /// Starts a node: it takes the lease, follows the policy feed, and reports usage from now on, with
    /// whatever of these does not work at once tried again. Waits for nothing but the disk.
    ///
    /// # Errors
    /// When its directory is in use or cannot be used.
    pub async fn start(
        config: NodeConfig,
        store: Store,
        embedder: Option<Embedder>,
        client: InternalClient,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let line: Arc<dyn Line> = Arc::new(client);
        let parts = Parts::assemble(&config, store, line, (clock, entropy))?;
        Ok(Self(Arc::new(parts.run(config, embedder))))
    }

    /// The data routes, `/v1/namespaces/{namespace}/…`. The server must tell the peer's address
    /// (`into_make_service_with_connect_info::<SocketAddr>`), or all callers share one throttle.
    pub fn router(&self) -> axum::Router {
        routes::router(Arc::clone(&self.0.state))
    }

    /// Why the node should get no requests now; empty when it is ready.
    #[must_use]
    pub fn not_ready(&self) -> Vec<NotReady> {
        let reasons = [
            (!self.0.lease.valid(), NotReady::NoLease),
            (!self.0.feed.heard(), NotReady::NoPolicy),
            (self.0.state.drain.stopping(), NotReady::Draining),
        ];
        reasons.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
    }

    /// Whether the node should get requests.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.not_ready().is_empty()
    }

    /// Stops in order: new requests are refused, those in work finish (up to the configured deadline),
    /// namespaces are folded and closed, usage is reported, the lease is given back. Doing it twice does
    /// no harm.
    pub async fn drain(&self) {
        let node = &self.0;
        node.state.drain.stop();
        let deadline = Duration::from_secs(node.config.assignments.drain_deadline_s);
        if !node.state.drain.finished(deadline).await {
            tracing::warn!("requests were still in work when the node stopped");
        }
        node.stop.cancel();
        node.tasks.close();
        if tokio::time::timeout(deadline, node.tasks.wait()).await.is_err() {
            tracing::warn!("tasks of the node were still running when it stopped");
        }
        // While the logs are open; what cannot be reported now is found by the next start.
        match tokio::time::timeout(deadline, node.background.reporter.report()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "usage was not reported before the node stopped; the next start does it");
            }
            Err(_) => tracing::warn!("billing did not answer before the node stopped; the next start reports to it"),
        }
        if let Ok(Err(error)) =
            tokio::time::timeout(deadline, node.background.uses.report(node.background.clock.now())).await
        {
            tracing::debug!(%error, "the last uses of keys were not reported before the node stopped");
        }
        node.close_all(deadline).await;
        node.background.sync_spool().await;
        if let Err(error) = node.background.spool.remove_if_acknowledged() {
            tracing::debug!(%error, "the usage spool was not removed");
        }
        node.background.save_sizes().await;
        node.background.grants.save();
        node.stop_lease.cancel();
        let lease_task = node.lease_task.lock().take();
        if let Some(task) = lease_task {
            match tokio::time::timeout(deadline, task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the task that keeps the lease failed"),
                Err(_) => tracing::warn!("the lease was not given back in time; it runs out by itself"),
            }
        }
    }
}

impl Running {
    /// Closes all namespaces, several at a time, within `deadline` for all of them together. What is not folded then
    /// stays in the logs and is replayed by the next open.
    async fn close_all(&self, deadline: Duration) {
        let slots = self.background.registry.slots();
        let closing = futures::stream::iter(&slots).for_each_concurrent(CLOSED_AT_ONCE, |slot| slot.close());
        if tokio::time::timeout(deadline, closing).await.is_err() {
            let open = slots.iter().filter(|slot| slot.peek().is_some()).count();
            tracing::warn!(open, "namespaces were still in use when the node stopped");
        }
    }
}
