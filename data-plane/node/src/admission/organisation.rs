//! What admission keeps for an organisation.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{Meter, OrgPolicy};
use parking_lot::RwLock;

use super::rate::Rate;
use crate::metering::{Included, MonthLedger};

/// An organisation with namespaces on this node.
#[derive(Debug)]
pub(crate) struct Organisation {
    policy: RwLock<Arc<OrgPolicy>>,
    pub(crate) rate: Rate,
    pub(crate) month: MonthLedger,
    in_work: AtomicU32,
}

/// One of the requests an organisation has in work; ends when dropped.
#[derive(Debug)]
pub(crate) struct InWork(Arc<Organisation>);

impl Organisation {
    pub(crate) fn new(policy: OrgPolicy, clock: Arc<dyn Clock>) -> Self {
        let rate = Rate::new(policy.limits.requests_per_second, policy.limits.request_burst, clock);
        Self { policy: RwLock::new(Arc::new(policy)), rate, month: MonthLedger::default(), in_work: AtomicU32::new(0) }
    }

    pub(crate) fn policy(&self) -> Arc<OrgPolicy> {
        Arc::clone(&self.policy.read())
    }

    pub(crate) fn set_policy(&self, policy: OrgPolicy) {
        self.rate.set(policy.limits.requests_per_second, policy.limits.request_burst);
        *self.policy.write() = Arc::new(policy);
    }

    /// Begins a request; `None` when `most` are in work already.
    pub(crate) fn begin(self: &Arc<Self>, most: u32) -> Option<InWork> {
        self.in_work
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now < most).then_some(now + 1))
            .ok()
            .map(|_| InWork(Arc::clone(self)))
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What the organisation's edition includes of a meter in a month; `None` when usage is charged instead.
pub(crate) fn included(policy: &OrgPolicy, meter: Meter) -> Option<Included> {
    let amount = match meter {
        Meter::Query => policy.limits.query_milli_units_per_month,
        Meter::Write => policy.limits.write_milli_units_per_month,
        Meter::EmbeddingTokens => policy.limits.embedding_tokens_per_month,
        Meter::StorageByteHours | Meter::EgressBytes => None,
    };
    amount.map(|amount| Included { meter, amount })
}
