//! Admission and counting alone, to measure what they cost a request.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_contract::{
    ApiKeyToken, Assignment, AssignmentState, Checkpoint, CheckpointReply, ClientError, Edition, Feature, Grant,
    KeyKind, KeyUses, Limits, Meter, NamespacePattern, OrgPolicy, PolicyBatch, PolicyEvent, Scope, Standing,
};
use agentdb_data_plane_engine::Store;
use agentdb_ids::{ApiKeyId, IncarnationId, NamespaceId, NodeId, OrgId};
use agentdb_problem::Code;
use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    admission::{Admission, Caller, Pipeline},
    assignments::{Opener, Registry},
    config::{LeaseConfig, NodeConfig},
    directory::NodeDirectory,
    fair::FairShare,
    grants::{GrantCache, KeyUseLog},
    lease::{Lease, LeaseChain, LeaseKeeper},
    line::Line,
    metering::{DirtyMarks, Spool, StorageLedger, units},
    node::StartError,
    routes::OPERATIONS,
};

/// What the other planes would answer for the probe's one key.
#[derive(Debug)]
struct OneKey(Grant);

#[async_trait]
impl Line for OneKey {
    async fn grant(&self, key_id: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        Ok(Some(self.0.clone()).filter(|grant| grant.key_id == key_id))
    }

    async fn policy(&self, _: u64, _: Duration, _: bool, _: &[NamespaceId]) -> Result<PolicyBatch, ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }

    async fn checkpoint(&self, _: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }

    async fn key_uses(&self, _: &KeyUses) -> Result<(), ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }
}

/// A key that opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongKey {
    /// Nobody has its id.
    Id,
    /// Its id is that of the probe's key, its secret is not.
    Secret,
}

/// One organisation, one namespace and one key before the very admission and spool that data routes use,
/// with neither HTTP nor engine behind them.
#[derive(Debug)]
pub struct AdmissionProbe {
    pipeline: Pipeline,
    headers: HeaderMap,
    unknown: HeaderMap,
    wrong: HeaderMap,
    spool: Arc<Spool>,
    _directory: NodeDirectory,
}

impl AdmissionProbe {
    /// A probe that keeps its lease, spool and caches in `directory`, whose limits are too high to bind.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub async fn new(directory: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, StartError> {
        let config = NodeConfig::new(NodeId::generate(&*clock, &*entropy), directory.join("node"));
        let (clock_of, entropy_of) = (Arc::clone(&clock), Arc::clone(&entropy));
        let held = NodeDirectory::open(&config.directory, &*entropy)?;
        let incarnation = IncarnationId::generate(&*clock, &*entropy);
        let objects = directory.join("objects");
        std::fs::create_dir_all(&objects)?;
        let objects = object_store::local::LocalFileSystem::new_with_prefix(objects).map_err(std::io::Error::other)?;
        let store = Store::over(Arc::new(objects), 0);
        let lease = Arc::new(Lease::new(Arc::clone(&clock)));
        let chain = LeaseChain::new(store.objects(), store.path("nodes/probe/lease"));
        let day = LeaseConfig { validity_ms: 24 * 3_600 * 1_000, ..config.lease };
        let mark = held.mark().to_owned();
        LeaseKeeper::new(chain, day, Arc::clone(&lease), Arc::clone(&entropy), incarnation, mark).step().await;

        let storage = Arc::new(StorageLedger::load(held.file("storage.json")));
        let marks = DirtyMarks::new(&held.folder("spool/unreported")?);
        let registry = Arc::new(Registry::load(held.file("policy.json"), marks, storage, Arc::clone(&clock)));
        let token = ApiKeyToken::generate(ApiKeyId::generate(&*clock, &*entropy), &*entropy);
        let org_id = OrgId::generate(&*clock, &*entropy);
        registry.apply(policy(org_id, NamespaceId::generate(&*clock, &*entropy)));
        let line = Arc::new(OneKey(grant(&token, org_id)));
        let uses = KeyUseLog::new(Arc::clone(&line) as Arc<dyn Line>, config.grants.capacity);
        let grants = GrantCache::load(held.file("grants.json"), config.grants, Arc::clone(&clock), line);
        let spool = Spool::create(&held.folder("spool")?, incarnation, config.metering.max_counters)?;
        let opener = Opener { store, config: config.engine.for_engine(), lease, clock: Arc::clone(&clock), entropy };
        let spool = Arc::new(spool);
        let work = FairShare::new("work", config.fairness.work(), Arc::clone(&clock));
        let (keys, opener) = ((Arc::new(grants), Arc::new(uses)), (Arc::new(opener), work));
        let pipeline = Pipeline::new(config.admission, keys, registry, opener, Arc::clone(&spool), clock);
        let unknown = ApiKeyToken::generate(ApiKeyId::generate(&*clock_of, &*entropy_of), &*entropy_of);
        let wrong = ApiKeyToken::generate(token.key_id(), &*entropy_of);
        Ok(Self {
            pipeline,
            headers: bearer(&token)?,
            unknown: bearer(&unknown)?,
            wrong: bearer(&wrong)?,
            spool,
            _directory: held,
        })
    }

    /// Whether a wrong key is refused as one that is not known.
    pub async fn refuses(&self, wrong: WrongKey) -> bool {
        let headers = match wrong {
            WrongKey::Id => &self.unknown,
            WrongKey::Secret => &self.wrong,
        };
        let Some(operation) = OPERATIONS.iter().copied().find(|operation| operation.id == "query_records") else {
            return false;
        };
        let caller = Caller { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), headers, namespace: "probe" };
        let refused = self.pipeline.admit(operation, caller).await;
        refused.is_err_and(|(problem, _)| problem.code() == Code::Unauthenticated)
    }

    /// Admits one query and counts it, as a data route does before and after its work. Whether it would
    /// have been answered.
    pub async fn query(&self) -> bool {
        let Some(admission) = self.admit().await else { return false };
        admission.count(&[(Meter::Query, units::query(0)), (Meter::EgressBytes, 1_000)]).is_ok()
    }

    async fn admit(&self) -> Option<Admission> {
        let operation = OPERATIONS.iter().copied().find(|operation| operation.id == "query_records")?;
        let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let caller = Caller { address, headers: &self.headers, namespace: "probe" };
        self.pipeline.admit(operation, caller).await.ok()
    }

    /// Query milli-units counted so far: 1,000 for each query that was answered.
    #[must_use]
    pub fn counted(&self) -> u64 {
        let counted = self.spool.unacknowledged(usize::MAX);
        counted.iter().filter(|(key, _)| key.meter == Meter::Query).map(|(_, value)| value).sum()
    }
}

fn bearer(token: &ApiKeyToken) -> Result<HeaderMap, StartError> {
    let text = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(std::io::Error::other)?;
    Ok(HeaderMap::from_iter([(header::AUTHORIZATION, text)]))
}

fn grant(token: &ApiKeyToken, org_id: OrgId) -> Grant {
    Grant {
        key_id: token.key_id(),
        version: 1,
        org_id,
        token_sha256: token.sha256(),
        kind: KeyKind::Api,
        scopes: vec![Scope::Read],
        namespaces: NamespacePattern::any(),
        allowed_addresses: Vec::new(),
        limits: agentdb_control_plane_contract::KeyLimits::default(),
        expires_at: None,
    }
}

fn policy(org_id: OrgId, namespace_id: NamespaceId) -> PolicyBatch {
    let limits = Limits {
        namespaces: 1,
        api_keys: 1,
        members: 1,
        requests_per_second: 100_000_000,
        request_burst: 100_000_000,
        concurrent_requests: 1_000_000,
        query_milli_units_per_second: 1 << 40,
        query_milli_units_burst: 1 << 40,
        write_milli_units_per_second: 1 << 40,
        write_milli_units_burst: 1 << 40,
        fair_share: 1,
        vector_dimension: 4_096,
        storage_bytes: u64::MAX,
        collections_per_namespace: 1,
        history_days: 1,
        undelete_days: 1,
        query_milli_units_per_month: Some(u64::MAX),
        write_milli_units_per_month: Some(u64::MAX),
        embedding_tokens_per_month: Some(u64::MAX),
    };
    let policy = OrgPolicy {
        org_id,
        version: 1,
        edition: Edition::Enterprise,
        features: [Feature::Collections, Feature::Embedding].into(),
        limits,
        standing: Standing::Good,
    };
    let assignment = Assignment {
        namespace_id,
        org_id,
        name: "probe".to_owned(),
        prefix: format!("ns/{namespace_id}"),
        generation: 1,
        state: AssignmentState::Serve,
    };
    let events = vec![PolicyEvent::Organisation(policy), PolicyEvent::Assignment(assignment)];
    PolicyBatch { cursor: 1, snapshot: true, events, digest: None }
}

#[cfg(test)]
mod tests {
    use agentdb_clock::{SystemClock, SystemEntropy};

    use super::*;

    #[tokio::test]
    async fn every_query_of_the_probe_is_admitted_and_counted() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(SystemClock::new());
        let probe = AdmissionProbe::new(dir.path(), clock, Arc::new(SystemEntropy)).await.expect("a probe");
        for _ in 0..100 {
            assert!(probe.query().await);
        }
        assert_eq!(probe.counted(), 100_000);
    }

    #[tokio::test]
    async fn wrong_keys_are_refused_by_the_probe() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(SystemClock::new());
        let probe = AdmissionProbe::new(dir.path(), clock, Arc::new(SystemEntropy)).await.expect("a probe");
        for _ in 0..3 {
            assert!(probe.refuses(WrongKey::Id).await && probe.refuses(WrongKey::Secret).await);
        }
        assert!(probe.query().await);
    }

    #[tokio::test]
    async fn what_was_read_before_another_had_the_lease_is_neither_answered_nor_counted() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(SystemClock::new());
        let probe = AdmissionProbe::new(dir.path(), clock, Arc::new(SystemEntropy)).await.expect("a probe");
        let admission = probe.admit().await.expect("admitted");
        let read = admission.namespace().await.expect("open");
        let lease = probe.pipeline.lease();
        lease.won();
        lease.confirm(lease.epoch());
        assert!(lease.valid(), "won back");
        assert!(!admission.lease_valid());
        assert!(admission.count(&[(Meter::Query, 1_000)]).is_err());
        drop(read);
        assert_eq!(probe.counted(), 0);
        let next = probe.admit().await.expect("admitted");
        next.namespace().await.expect("opened anew");
        next.count(&[(Meter::Query, 1_000)]).expect("counted");
        assert_eq!(probe.counted(), 1_000);
    }

    #[tokio::test]
    async fn a_requests_share_of_the_room_for_bodies_is_its_own_until_its_work_is_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(SystemClock::new());
        let probe = AdmissionProbe::new(dir.path(), clock, Arc::new(SystemEntropy)).await.expect("a probe");
        let room = Arc::new(tokio::sync::Semaphore::new(10));
        let admission = probe.admit().await.expect("admitted");
        admission.hold(Arc::clone(&room).try_acquire_many_owned(10).expect("there is room"));
        let at_work = admission.clone();
        drop(admission);
        assert_eq!(room.available_permits(), 0, "the work goes on when the caller has gone");
        drop(at_work);
        assert_eq!(room.available_permits(), 10);
    }
}
