//! A reporter, a registry and one namespace on a directory, with billing played by the test.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use agentdb_clock::{Clock, ManualClock, SystemEntropy};
use agentdb_control_plane_contract::{
    Assignment, AssignmentState, Checkpoint, CheckpointReply, ClientError, Grant, KeyUses, Meter, PolicyBatch,
    PolicyEvent,
};
use agentdb_data_plane_engine::{Config, Namespace, Record, Schema, Store, StoreConfig, UsageDelta, WriteMeta};
use agentdb_ids::{ApiKeyId, IncarnationId, NamespaceId, NodeId, OrgId, Uuid};
use async_trait::async_trait;
use http::StatusCode;
use parking_lot::Mutex;

use super::{CounterKey, DirtyMarks, Reporter, Spool, StorageLedger};
use crate::{
    assignments::{Opener, Registry, Slot},
    config::MeteringConfig,
    lease::Lease,
    line::Line,
};

/// Billing: keeps the largest value of each counter, unless it is away.
#[derive(Debug, Default)]
pub(crate) struct Billing {
    pub away: AtomicBool,
    counters: Mutex<HashMap<String, (Meter, u64)>>,
}

impl Billing {
    pub(crate) fn billed(&self, wanted: Meter) -> u64 {
        self.counters.lock().values().filter(|(meter, _)| *meter == wanted).map(|(_, value)| value).sum()
    }
}

#[async_trait]
impl Line for Billing {
    async fn grant(&self, _: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        Ok(None)
    }

    async fn policy(&self, _: u64, _: Duration, _: bool, _: &[NamespaceId]) -> Result<PolicyBatch, ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE));
        }
        let mut counters = self.counters.lock();
        for counter in &checkpoint.counters {
            let name = format!("{} {:?} {:?} {}", counter.source, counter.key_id, counter.meter, counter.hour);
            let known = counters.entry(name).or_insert((counter.meter, 0));
            known.1 = known.1.max(counter.value);
        }
        Ok(CheckpointReply { sequence: checkpoint.sequence, months: Vec::new() })
    }

    async fn key_uses(&self, _: &KeyUses) -> Result<(), ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }
}

pub(crate) struct Bench {
    pub dir: tempfile::TempDir,
    pub clock: ManualClock,
    pub billing: Arc<Billing>,
    pub spool: Arc<Spool>,
    pub registry: Arc<Registry>,
    pub reporter: Arc<Reporter>,
    pub opener: Arc<Opener>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::at("2026-05-10T12:00:00Z".parse().expect("a time"));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let incarnation = IncarnationId::generate(&clock, &SystemEntropy);
        let spool = Arc::new(Spool::create(dir.path(), incarnation, 1_000).expect("a spool"));
        let storage = Arc::new(StorageLedger::load(dir.path().join("storage.json")));
        let marks = DirtyMarks::new(dir.path());
        let policy = dir.path().join("policy.json");
        let registry = Arc::new(Registry::load(policy, marks, Arc::clone(&storage), Arc::clone(&shared)));
        let billing = Arc::new(Billing::default());
        let reporter = Arc::new(Reporter::new(
            (NodeId::generate(&clock, &SystemEntropy), incarnation),
            Arc::clone(&billing) as Arc<dyn Line>,
            Arc::clone(&shared),
            MeteringConfig { spool_compact_bytes: 1_000, ..MeteringConfig::default() },
            Arc::clone(&spool),
            storage,
            Arc::clone(&registry),
            Vec::new(),
        ));
        let opener = Arc::new(Opener {
            store: Store::open(&StoreConfig::directory(&dir.path().join("objects"))).await.expect("a store"),
            config: Config::default(),
            lease: Arc::new(Lease::held_for(Arc::clone(&shared), Duration::from_secs(1_000 * 3_600))),
            clock: shared,
            entropy: Arc::new(SystemEntropy),
        });
        Self { dir, clock, billing, spool, registry, reporter, opener }
    }

    /// The one namespace, placed here in `state`.
    pub(crate) fn place(&self, state: AssignmentState) -> Arc<Slot> {
        let assignment = Assignment {
            namespace_id: NamespaceId::from_uuid(Uuid::from_u128(1)),
            org_id: OrgId::from_uuid(Uuid::from_u128(2)),
            name: "a".to_owned(),
            prefix: "ns/1".to_owned(),
            generation: 1,
            state,
        };
        let events = vec![PolicyEvent::Assignment(assignment)];
        self.registry.apply(PolicyBatch { cursor: 1, snapshot: false, events, digest: None });
        self.registry.slots().pop().expect("placed")
    }

    /// The folder of the namespace's objects.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().join("objects/ns/1")
    }

    /// A counter of reads in the running hour.
    pub(crate) fn reads(&self) -> CounterKey {
        CounterKey {
            org_id: OrgId::from_uuid(Uuid::from_u128(2)),
            namespace_id: NamespaceId::from_uuid(Uuid::from_u128(1)),
            key_id: ApiKeyId::from_uuid(Uuid::from_u128(3)),
            meter: Meter::Query,
            hour: self.clock.hour(),
        }
    }

    /// Usage of a write in the running hour.
    pub(crate) fn writes(&self, amount: u64) -> WriteMeta {
        let key = Uuid::from_u128(3);
        let delta = UsageDelta { key, meter: Meter::Write.as_str().to_owned(), hour: self.clock.hour(), amount };
        WriteMeta { usage: vec![delta], ..WriteMeta::default() }
    }

    /// A write into the engine, past the slot's mark.
    pub(crate) async fn write(&self, open: &Namespace, amount: u64) {
        if open.current_schema("c").expect("serves").is_none() {
            open.create_collection("c", Schema::default(), WriteMeta::default()).await.expect("created");
        }
        let record = Record { id: "x".to_owned(), ..Record::default() };
        open.upsert("c", vec![record], self.writes(amount)).await.expect("written");
    }
}
