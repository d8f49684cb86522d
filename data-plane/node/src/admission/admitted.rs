//! A request that was admitted.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{Feature, Grant, Meter, OrgPolicy};
use agentdb_data_plane_engine::{Metered, UsageDelta};
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use agentdb_problem::{Code, Problem};
use axum::extract::FromRequestParts;
use http::request::Parts;
use parking_lot::Mutex;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

use super::{
    Charge, InWork, Operation, Organisation, Pipeline, Rates, Storing,
    pipeline::{feature, no_lease, suspended},
};
use crate::{
    assignments::{OpenNamespace, Opener, Registry, Slot, SlotError},
    fair::{Class, FairShare, Full, Place},
    metering::{CountError, CounterKey, Spool, WriteInFlight, units},
};

/// Why admitted work ends without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountRefusal {
    #[error("the lease ran out during the work")]
    NoLease,
    #[error("the work could not be counted")]
    NotCounted,
}

impl From<CountRefusal> for Problem {
    fn from(refusal: CountRefusal) -> Self {
        match refusal {
            CountRefusal::NoLease => no_lease(),
            CountRefusal::NotCounted => Self::unavailable("The request cannot be counted at this moment.", 5),
        }
    }
}

struct Parts_ {
    operation: &'static Operation,
    organisation: Arc<Organisation>,
    policy: Arc<OrgPolicy>,
    org_id: OrgId,
    key_id: ApiKeyId,
    namespace_id: NamespaceId,
    slot: Arc<Slot>,
    charge: Charge,
    received: Duration,
    registry: Arc<Registry>,
    opener: Arc<Opener>,
    work: Arc<FairShare>,
    spool: Arc<Spool>,
    clock: Arc<dyn Clock>,
    /// The lease's epoch in which the namespace that is read or written was opened.
    epoch: OnceLock<u64>,
    /// The request's share of the room for bodies.
    body: Mutex<Option<OwnedSemaphorePermit>>,
    /// What the request may add to what the organisation stores.
    storing: Mutex<Option<Storing>>,
    _in_work: InWork,
}

/// The right of one request to work on one namespace, made by [`Pipeline::admit`] alone. It counts against
/// the organisation's concurrency until its last clone is dropped.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Parts_>);

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admission({} in {} by {})", self.0.operation.id, self.0.namespace_id, self.0.key_id)
    }
}

impl Admission {
    pub(super) fn new(
        pipeline: &Pipeline,
        operation: &'static Operation,
        grant: &Grant,
        (organisation, policy): (Arc<Organisation>, Arc<OrgPolicy>),
        slot: Arc<Slot>,
        charge: Charge,
        in_work: InWork,
    ) -> Self {
        Self(Arc::new(Parts_ {
            operation,
            organisation,
            policy,
            org_id: grant.org_id,
            key_id: grant.key_id,
            namespace_id: slot.id(),
            slot,
            charge,
            received: pipeline.clock.monotonic(),
            registry: Arc::clone(&pipeline.registry),
            opener: Arc::clone(&pipeline.opener),
            work: Arc::clone(&pipeline.work),
            spool: Arc::clone(&pipeline.spool),
            clock: Arc::clone(&pipeline.clock),
            epoch: OnceLock::new(),
            body: Mutex::new(None),
            storing: Mutex::new(None),
            _in_work: in_work,
        }))
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.0.operation
    }

    pub(crate) fn org_id(&self) -> OrgId {
        self.0.org_id
    }

    pub(crate) fn key_id(&self) -> ApiKeyId {
        self.0.key_id
    }

    pub(crate) fn policy(&self) -> &OrgPolicy {
        &self.0.policy
    }

    /// The rates that bind the request.
    pub(crate) fn rates(&self) -> Arc<Rates> {
        Arc::clone(self.0.charge.rates())
    }

    /// Refuses work that costs more than the rates allow now, or ever; to be called when it is known what it costs and
    /// before it is begun. What it does not say is charged when the work is done.
    pub(crate) fn may_cost(&self, units: u64) -> Result<(), Problem> {
        self.0.charge.afford(units)
    }

    /// Time since the request was admitted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now().saturating_sub(self.0.received)
    }

    /// Monotonic time, for measuring parts of the work.
    pub(crate) fn now(&self) -> Duration {
        self.0.clock.monotonic()
    }

    /// The namespace, opened where needed.
    pub(crate) async fn namespace(&self) -> Result<OpenNamespace, Problem> {
        let open = self.0.slot.acquire(&self.0.opener).await.map_err(|error| match error {
            SlotError::NoLease => no_lease(),
            SlotError::Suspended(by) => suspended(by),
            SlotError::Gone => Problem::not_found(),
            SlotError::Leaving => Problem::unavailable("The namespace is being moved.", 2),
            SlotError::Fenced => Problem::unavailable("Another node owns the namespace.", 5),
            SlotError::Unavailable | SlotError::Unreadable => {
                Problem::unavailable("The namespace cannot be opened at this moment.", 2)
            }
        })?;
        self.0.epoch.get_or_init(|| open.epoch());
        Ok(open)
    }

    /// Keeps the request's share of the room for bodies until its work is over.
    pub(crate) fn hold(&self, room: OwnedSemaphorePermit) {
        *self.0.body.lock() = Some(room);
    }

    /// Bytes of the request's body that are held.
    pub(crate) fn body_bytes(&self) -> usize {
        self.0.body.lock().as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Waits for the organisation's turn to work, which ends when the place is dropped.
    pub(crate) async fn place(&self) -> Result<Place, Problem> {
        let weight = self.0.policy.limits.fair_share;
        let place = self.0.work.place(self.0.org_id, weight, Class::Foreground).await;
        place.map_err(|Full| self.0.charge.rates().too_many_wait(self.0.work.queue()))
    }

    /// Waits for the organisation's turn at the model, for a call of so many texts. One text has its turn at once.
    pub(crate) async fn embedding_turn(&self, texts: usize) -> Option<OwnedMutexGuard<()>> {
        if texts <= 1 {
            return None;
        }
        Some(self.0.organisation.embedding_turn().await)
    }

    /// Says that the engine found another writer.
    pub(crate) fn fenced(&self) {
        self.0.slot.mark_fenced();
    }

    /// Refuses what the edition lacks.
    pub(crate) fn may_have(&self, wanted: Feature) -> Result<(), Problem> {
        feature(&self.0.policy, wanted)
    }

    /// Refuses what the edition lacks or the month's included amount does not cover any more, for work that
    /// only the body shows to be needed.
    pub(crate) fn may_embed(&self, pipeline: &Pipeline) -> Result<(), Problem> {
        self.may_have(Feature::Embedding)?;
        let rates = self.0.charge.rates();
        pipeline.within_month(&self.0.organisation, &self.0.policy, rates, Meter::EmbeddingTokens)
    }

    /// Refuses a write that would bring the organisation above what it may store, with what its other writes in work add.
    pub(crate) fn may_store(&self, added_bytes: u64) -> Result<(), Problem> {
        let limit = self.0.policy.limits.storage_bytes;
        let stored = self.0.registry.stored_bytes(self.0.org_id);
        if let Some(room) = self.0.organisation.room_to_store(added_bytes, stored, limit) {
            *self.0.storing.lock() = Some(room);
            return Ok(());
        }
        let detail = format!("The organisation stores {stored} bytes and may store {limit}.");
        let problem = Problem::new(Code::LimitExceeded, detail);
        Err(problem.with("limit", "storage_bytes").with("stored_bytes", stored).with("limit_bytes", limit))
    }

    /// Begins a write whose usage goes into the namespace's log.
    pub(crate) fn begin_write(&self) -> Result<WriteInFlight, Problem> {
        self.0.slot.mark.begin().map_err(|error| {
            tracing::error!(%error, "a usage mark cannot be written");
            CountRefusal::NotCounted.into()
        })
    }

    /// The amounts as usage in a log entry.
    pub(crate) fn log_usage(&self, amounts: &[(Meter, u64)]) -> Vec<UsageDelta> {
        let hour = self.0.clock.hour();
        let delta = |(meter, amount): &(Meter, u64)| UsageDelta {
            key: self.0.key_id.uuid(),
            meter: meter.as_str().to_owned(),
            hour,
            amount: *amount,
        };
        amounts.iter().filter(|(_, amount)| *amount > 0).map(delta).collect()
    }

    /// What a write costs of which the commit shows what it changes.
    pub(crate) fn metered_write(&self) -> Metered {
        Metered {
            key: self.0.key_id.uuid(),
            meter: Meter::Write.as_str().to_owned(),
            hour: self.0.clock.hour(),
            at_least: units::WRITE_LEAST,
            each_delete: units::DELETE_RECORD,
            each_step: units::WRITE_STEP,
            step_bytes: units::WRITE_STEP_BYTES,
        }
    }

    /// Remembers amounts that a log entry carries, so that they count for the month before billing has them, and charges
    /// them.
    pub(crate) fn logged(&self, amounts: &[(Meter, u64)]) {
        let hour = self.0.clock.hour();
        self.0.charge.settle(amounts);
        for (meter, amount) in amounts {
            self.0.organisation.month.add(hour, *meter, *amount);
        }
    }

    /// Counts work that is done, if the lease still holds: to be called right before the reply.
    pub(crate) fn count(&self, amounts: &[(Meter, u64)]) -> Result<(), CountRefusal> {
        let hour = self.0.clock.hour();
        let keyed: Vec<_> = amounts.iter().map(|(meter, amount)| (self.counter(*meter, hour), *amount)).collect();
        self.0.spool.count(&keyed, || self.lease_valid()).map_err(|error| match error {
            CountError::Refused => CountRefusal::NoLease,
            error @ (CountError::Io(_) | CountError::Full) => {
                tracing::error!(%error, "usage cannot be counted");
                metrics::counter!("agentdb_node_spool_failures_total").increment(1);
                CountRefusal::NotCounted
            }
        })?;
        self.logged(amounts);
        Ok(())
    }

    /// Whether the node may still answer: its lease holds, and it is the one that the namespace was opened under. What
    /// was read before another process had the lease may be stale, though it was won back since.
    pub(crate) fn lease_valid(&self) -> bool {
        let lease = &self.0.opener.lease;
        lease.valid() && self.0.epoch.get().is_none_or(|epoch| *epoch == lease.epoch())
    }

    fn counter(&self, meter: Meter, hour: i64) -> CounterKey {
        CounterKey { org_id: self.0.org_id, namespace_id: self.0.namespace_id, key_id: self.0.key_id, meter, hour }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admission {
    type Rejection = Problem;

    /// Fails closed: a route that admission does not stand before answers nothing.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::internal("a data route without admission"))
    }
}
