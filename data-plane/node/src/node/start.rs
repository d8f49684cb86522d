//! Putting a node together.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_data_plane_embedding::Embedder;
use agentdb_data_plane_engine::Store;
use agentdb_ids::IncarnationId;
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Running, StartError};
use crate::{
    admission::Pipeline,
    assignments::{Eraser, Feed, Opener, Registry},
    config::NodeConfig,
    directory::NodeDirectory,
    fair::{FairShare, FairStore, Owners},
    grants::{GrantCache, KeyUseLog},
    lease::{Lease, LeaseChain, LeaseKeeper},
    line::Line,
    metering::{DirtyMarks, Reporter, Spool, StorageLedger, left_behind},
    routes::BodyRoom,
    state::Shared,
    tasks::Background,
};

/// A node's parts, before any of them runs.
pub(super) struct Parts {
    directory: NodeDirectory,
    keeper: LeaseKeeper,
    lease: Arc<Lease>,
    spool: Arc<Spool>,
    storage: Arc<StorageLedger>,
    registry: Arc<Registry>,
    grants: Arc<GrantCache>,
    uses: Arc<KeyUseLog>,
    reporter: Arc<Reporter>,
    opener: Arc<Opener>,
    work: Arc<FairShare>,
    calls: Arc<FairShare>,
    line: Arc<dyn Line>,
    clock: Arc<dyn Clock>,
}

impl Parts {
    pub(super) fn assemble(
        config: &NodeConfig,
        store: Store,
        line: Arc<dyn Line>,
        (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
    ) -> Result<Self, StartError> {
        let directory = NodeDirectory::open(&config.directory, &*entropy)?;
        let incarnation = IncarnationId::generate(&*clock, &*entropy);
        let spool_folder = directory.folder("spool")?;
        let marks = DirtyMarks::new(&directory.folder("spool/unreported")?);
        let old = left_behind(&spool_folder, incarnation)?;
        let spool = Arc::new(Spool::create(&spool_folder, incarnation, config.metering.max_counters)?);
        let storage = Arc::new(StorageLedger::load(directory.file("storage.json")));
        let policy = directory.file("policy.json");
        let registry = Arc::new(Registry::load(policy, marks, Arc::clone(&storage), Arc::clone(&clock)));
        let saved = directory.file("grants.json");
        let grants = Arc::new(GrantCache::load(saved, config.grants, Arc::clone(&clock), Arc::clone(&line)));
        let uses = Arc::new(KeyUseLog::new(Arc::clone(&line), config.grants.capacity));
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
        let chain = LeaseChain::new(store.objects(), store.path(&format!("nodes/{}/lease", config.node_id)));
        let keeper = LeaseKeeper::new(
            chain,
            config.lease,
            Arc::clone(&lease),
            Arc::clone(&entropy),
            incarnation,
            directory.mark().to_owned(),
        );
        let work = FairShare::new("work", config.fairness.work(), Arc::clone(&clock));
        let calls = FairShare::new("store_calls", config.fairness.store(), Arc::clone(&clock));
        let owners = Owners::new(Arc::clone(&registry), Arc::clone(&clock));
        let shares = (Arc::clone(&calls), Arc::clone(&work));
        // The lease's calls never wait; those of all namespaces do.
        let store = store.wrapped(|objects| Arc::new(FairStore::new(objects, shares, owners)));
        let opener = Arc::new(Opener {
            store,
            config: config.engine.for_engine(),
            lease: Arc::clone(&lease),
            clock: Arc::clone(&clock),
            entropy,
        });
        Ok(Self {
            directory,
            keeper,
            lease,
            spool,
            storage,
            registry,
            grants,
            uses,
            reporter,
            opener,
            work,
            calls,
            line,
            clock,
        })
    }

    /// Starts the tasks.
    pub(super) fn run(self, config: NodeConfig, embedder: Option<Embedder>) -> Running {
        let (tasks, stop, stop_lease) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let lease_task = tokio::spawn(self.keeper.run(stop_lease.clone()));
        let eraser = Eraser {
            opener: Arc::clone(&self.opener),
            registry: Arc::clone(&self.registry),
            reporter: Arc::clone(&self.reporter),
        };
        let feed = Arc::new(Feed::new(
            self.line,
            Arc::clone(&self.registry),
            Arc::clone(&self.grants),
            Arc::new(eraser),
            Arc::clone(&self.lease),
            config.assignments,
            Arc::clone(&self.clock),
            tasks.clone(),
            stop.clone(),
        ));
        let background = Arc::new(Background {
            clock: Arc::clone(&self.clock),
            registry: Arc::clone(&self.registry),
            opener: Arc::clone(&self.opener),
            grants: Arc::clone(&self.grants),
            uses: Arc::clone(&self.uses),
            report_uses_every: Duration::from_millis(config.grants.report_uses_every_ms),
            reporter: self.reporter,
            spool: Arc::clone(&self.spool),
            storage: self.storage,
            metering: config.metering,
            assignments: config.assignments,
            shares: vec![Arc::clone(&self.work), self.calls],
            stop: stop.clone(),
        });
        let clock = Arc::clone(&self.clock);
        let keys = (self.grants, self.uses);
        let opener = (self.opener, self.work);
        let pipeline = Pipeline::new(config.admission, keys, self.registry, opener, self.spool, clock);
        let state = Arc::new(Shared {
            pipeline,
            embedder,
            clock: self.clock,
            drain: Arc::default(),
            request_timeout: Duration::from_secs(config.admission.request_timeout_s),
            max_body_bytes: config.admission.max_body_bytes,
            bodies: BodyRoom::new(config.admission),
            trusted_proxies: config.trusted_proxies,
        });
        tasks.spawn(Arc::clone(&feed).run());
        tasks.spawn(Arc::clone(&background).report());
        tasks.spawn(Arc::clone(&background).save_grants());
        tasks.spawn(Arc::clone(&background).report_uses());
        tasks.spawn(Arc::clone(&background).sweep());
        tasks.spawn(Arc::clone(&background).recover());
        let lease_task = Mutex::new(Some(lease_task));
        Running {
            state,
            lease: self.lease,
            feed,
            background,
            config,
            tasks,
            stop,
            stop_lease,
            lease_task,
            _directory: self.directory,
        }
    }
}
