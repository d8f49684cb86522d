//! What admission keeps for an organisation.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{Meter, OrgPolicy};
use parking_lot::RwLock;
use tokio::sync::OwnedMutexGuard;

use super::rate::Rate;
use crate::metering::{Included, MonthLedger};

/// An organisation with namespaces on this node.
#[derive(Debug)]
pub(crate) struct Organisation {
    policy: RwLock<Arc<OrgPolicy>>,
    pub(crate) rate: Rate,
    pub(crate) month: MonthLedger,
    in_work: AtomicU32,
    /// Held by the one request that has a batch of texts at the model.
    batch: Arc<tokio::sync::Mutex<()>>,
}

/// One of the requests an organisation has in work; ends when dropped.
#[derive(Debug)]
pub(crate) struct InWork(Arc<Organisation>);

impl Organisation {
    pub(crate) fn new(policy: OrgPolicy, clock: Arc<dyn Clock>) -> Self {
        let rate = Rate::new(policy.limits.requests_per_second, policy.limits.request_burst, clock);
        Self {
            policy: RwLock::new(Arc::new(policy)),
            rate,
            month: MonthLedger::default(),
            in_work: AtomicU32::new(0),
            batch: Arc::default(),
        }
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

    /// Waits until no other request of the organisation has a batch of texts at the model.
    pub(crate) async fn embedding_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.batch).lock_owned().await
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

#[cfg(test)]
mod tests {
    use agentdb_clock::SystemClock;
    use agentdb_control_plane_contract::{Edition, Limits, Standing};
    use agentdb_ids::{OrgId, Uuid};

    use super::*;

    fn organisation(n: u128) -> Organisation {
        let limits = Limits {
            namespaces: 1,
            api_keys: 1,
            members: 1,
            requests_per_second: 1,
            request_burst: 1,
            concurrent_requests: 2,
            storage_bytes: 1,
            collections_per_namespace: 1,
            history_days: 1,
            undelete_days: 1,
            query_milli_units_per_month: None,
            write_milli_units_per_month: None,
            embedding_tokens_per_month: None,
        };
        let policy = OrgPolicy {
            org_id: OrgId::from_uuid(Uuid::from_u128(n)),
            version: 1,
            edition: Edition::Community,
            features: [].into(),
            limits,
            standing: Standing::Good,
        };
        Organisation::new(policy, Arc::new(SystemClock::new()))
    }

    #[tokio::test]
    async fn an_organisation_has_one_batch_at_the_model_at_a_time() {
        let (first, second) = (organisation(1), organisation(2));
        let turn = first.embedding_turn().await;
        let mut next = std::pin::pin!(first.embedding_turn());
        assert!(futures::poll!(&mut next).is_pending());
        assert!(futures::poll!(std::pin::pin!(second.embedding_turn())).is_ready(), "others do not wait for it");
        drop(turn);
        assert!(futures::poll!(&mut next).is_ready());
    }
}
