//! The node as its process sees it: started, asked whether it is ready, drained.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_contract::InternalClient;
use agentdb_data_plane_embedding::Embedder;
use agentdb_data_plane_engine::Store;
use agentdb_ids::IncarnationId;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admission::{AddressThrottle, Pipeline},
    assignments::{Eraser, Feed, Opener, Registry},
    config::NodeConfig,
    directory::{DirectoryError, NodeDirectory},
    grants::GrantCache,
    lease::{Lease, LeaseChain, LeaseKeeper},
    line::Line,
    metering::{DirtyMarks, Reporter, Spool, StorageLedger, left_behind},
    routes,
    state::{NodeState, Shared},
    tasks::Background,
};

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
        Self::start_on(config, store, embedder, Arc::new(client), clock, entropy)
    }

    pub(crate) fn start_on(
        config: NodeConfig,
        store: Store,
        embedder: Option<Embedder>,
        line: Arc<dyn Line>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let directory = NodeDirectory::open(&config.directory, &*entropy)?;
        let incarnation = IncarnationId::generate(&*clock, &*entropy);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());

        let spool_folder = directory.folder("spool")?;
        let marks = DirtyMarks::new(&directory.folder("spool/unreported")?);
        let old = left_behind(&spool_folder, incarnation)?;
        let spool = Arc::new(Spool::create(&spool_folder, incarnation, config.metering.max_counters)?);
        let storage = Arc::new(StorageLedger::load(directory.file("storage.json")));
        let policy_file = directory.file("policy.json");
        let registry =
            Arc::new(Registry::load(policy_file, marks.clone(), Arc::clone(&storage), Arc::clone(&clock)));
        let grants_file = directory.file("grants.json");
        let grants =
            Arc::new(GrantCache::load(grants_file, config.grants, Arc::clone(&clock), Arc::clone(&line)));
        let reporter = Arc::new(Reporter::new(
            (config.node_id, incarnation),
            Arc::clone(&line),
            Arc::clone(&clock),
            config.metering,
            Arc::clone(&spool),
            Arc::clone(&storage),
            Arc::clone(&registry),
            old,
        ));

        let lease = Arc::new(Lease::new(Arc::clone(&clock)));
        let root = store.path(&format!("nodes/{}/lease", config.node_id));
        let chain = LeaseChain::new(store.objects(), root);
        let mark = directory.mark().to_owned();
        let keeper =
            LeaseKeeper::new(chain, config.lease, Arc::clone(&lease), Arc::clone(&entropy), incarnation, mark);
        let stop_lease = CancellationToken::new();
        let lease_task = Mutex::new(Some(tokio::spawn(keeper.run(stop_lease.clone()))));

        let opener = Arc::new(Opener {
            store,
            config: config.engine.for_engine(),
            lease: Arc::clone(&lease),
            clock: Arc::clone(&clock),
            entropy,
        });
        let eraser = Arc::new(Eraser {
            opener: Arc::clone(&opener),
            registry: Arc::clone(&registry),
            reporter: Arc::clone(&reporter),
        });
        let feed = Arc::new(Feed::new(
            line,
            Arc::clone(&registry),
            Arc::clone(&grants),
            eraser,
            config.assignments,
            Arc::clone(&clock),
            tasks.clone(),
            stop.clone(),
        ));
        let background = Arc::new(Background {
            clock: Arc::clone(&clock),
            registry: Arc::clone(&registry),
            opener: Arc::clone(&opener),
            grants: Arc::clone(&grants),
            reporter,
            spool: Arc::clone(&spool),
            storage,
            metering: config.metering,
            assignments: config.assignments,
            stop: stop.clone(),
        });
        let pipeline = Pipeline {
            throttle: AddressThrottle::new(config.admission, Arc::clone(&clock)),
            grants,
            registry,
            opener,
            spool,
            clock: Arc::clone(&clock),
        };
        let state = Arc::new(Shared {
            pipeline,
            embedder,
            clock,
            drain: Arc::default(),
            request_timeout: Duration::from_secs(config.admission.request_timeout_s),
            max_body_bytes: config.admission.max_body_bytes,
        });

        tasks.spawn(Arc::clone(&feed).run());
        tasks.spawn(Arc::clone(&background).report());
        tasks.spawn(Arc::clone(&background).save_grants());
        tasks.spawn(Arc::clone(&background).sweep());
        tasks.spawn(Arc::clone(&background).recover(marks));
        Ok(Self(Arc::new(Running {
            state,
            lease,
            feed,
            background,
            config,
            tasks,
            stop,
            stop_lease,
            lease_task,
            _directory: directory,
        })))
    }

    /// The data routes, `/v1/namespaces/{namespace}/…`. The server must tell the peer's address
    /// (`into_make_service_with_connect_info::<SocketAddr>`), or all callers share one throttle.
    #[must_use]
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
        if let Err(error) = node.background.reporter.report().await {
            tracing::warn!(%error, "usage was not reported before the node stopped; the next start does it");
        }
        for slot in node.background.registry.slots() {
            if tokio::time::timeout(deadline, slot.close()).await.is_err() {
                tracing::warn!(namespace = %slot.id(), "a namespace was still in use when the node stopped");
            }
        }
        node.background.sync_spool().await;
        if let Err(error) = node.background.spool.remove_if_acknowledged() {
            tracing::debug!(%error, "the usage spool was not removed");
        }
        node.background.save_sizes();
        node.background.grants.save();
        node.stop_lease.cancel();
        let lease_task = node.lease_task.lock().take();
        if let Some(task) = lease_task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task that keeps the lease failed");
        }
    }
}
