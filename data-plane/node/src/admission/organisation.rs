//! What admission keeps for an organisation and its keys.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{Grant, KeyLimits, Limits, Meter, OrgPolicy};
use agentdb_ids::ApiKeyId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::OwnedMutexGuard;

use super::{
    allowance::Quota,
    rate::{Allowances, Counts, Quotas, Whose},
};
use crate::metering::{Included, MonthLedger};

/// Keys with limits of their own that are remembered before those are forgotten that use nothing of them.
const KEYS_SWEPT_ABOVE: usize = 1_024;

/// An organisation with namespaces on this node.
#[derive(Debug)]
pub(crate) struct Organisation {
    policy: RwLock<Arc<OrgPolicy>>,
    pub(crate) rates: Allowances,
    pub(crate) month: MonthLedger,
    in_work: AtomicU32,
    /// Bytes that writes in work may add to what is stored.
    storing: AtomicU64,
    /// Those with limits of their own.
    keys: Mutex<HashMap<ApiKeyId, Arc<KeyShare>>>,
    clock: Arc<dyn Clock>,
    /// Held by the one request that has a batch of texts at the model.
    batch: Arc<tokio::sync::Mutex<()>>,
}

/// What one key may do of what its organisation may.
#[derive(Debug)]
pub(crate) struct KeyShare {
    pub(crate) rates: Allowances,
    in_work: AtomicU32,
}

/// One of the requests that an organisation, and perhaps a key of it, has in work; ends when dropped.
#[derive(Debug)]
pub(crate) struct InWork {
    organisation: Arc<Organisation>,
    key: Option<Arc<KeyShare>>,
}

/// What a write in work may add to what is stored.
#[derive(Debug)]
pub(crate) struct Storing {
    organisation: Arc<Organisation>,
    bytes: u64,
}

impl Organisation {
    pub(crate) fn new(policy: OrgPolicy, clock: Arc<dyn Clock>) -> Self {
        let rates = Allowances::new(quotas(&policy.limits), clock.monotonic());
        Self {
            policy: RwLock::new(Arc::new(policy)),
            rates,
            month: MonthLedger::default(),
            in_work: AtomicU32::new(0),
            storing: AtomicU64::new(0),
            keys: Mutex::default(),
            clock,
            batch: Arc::default(),
        }
    }

    pub(crate) fn policy(&self) -> Arc<OrgPolicy> {
        Arc::clone(&self.policy.read())
    }

    pub(crate) fn set_policy(&self, policy: OrgPolicy) {
        self.rates.set(quotas(&policy.limits), self.clock.monotonic());
        *self.policy.write() = Arc::new(policy);
    }

    /// What is kept of the key when it has limits of its own, by what the grant and the policy say now.
    pub(crate) fn key_share(&self, grant: &Grant, limits: &Limits) -> Option<Arc<KeyShare>> {
        if grant.limits == KeyLimits::default() {
            return None;
        }
        let (now, quotas) = (self.clock.monotonic(), key_quotas(&grant.limits, limits));
        let mut keys = self.keys.lock();
        if let Some(share) = keys.get(&grant.key_id) {
            share.rates.set(quotas, now);
            return Some(Arc::clone(share));
        }
        if keys.len() >= KEYS_SWEPT_ABOVE {
            // Who has all of it left and nothing in work is as a key that was never seen.
            keys.retain(|_, share| Arc::strong_count(share) > 1 || !share.rates.are_full(now));
        }
        let share = Arc::new(KeyShare { rates: Allowances::new(quotas, now), in_work: AtomicU32::new(0) });
        keys.insert(grant.key_id, Arc::clone(&share));
        Some(share)
    }

    /// Begins a request of the organisation, and of the key with the most that it may have in work, if there is one.
    /// `Err` names who has as many as it may.
    pub(crate) fn begin(
        self: &Arc<Self>,
        most: u32,
        key: Option<(Arc<KeyShare>, u32)>,
    ) -> Result<InWork, (Whose, u32)> {
        let key = match key {
            Some((share, most)) if !one_more(&share.in_work, most) => return Err((Whose::Key, most)),
            key => key.map(|(share, _)| share),
        };
        if one_more(&self.in_work, most) {
            return Ok(InWork { organisation: Arc::clone(self), key });
        }
        if let Some(share) = key {
            share.in_work.fetch_sub(1, Ordering::AcqRel);
        }
        Err((Whose::Organisation, most))
    }

    /// Room for `bytes` more beside the `stored` ones, and beside what other writes in work may add; `None` when that is
    /// more than `most`.
    pub(crate) fn room_to_store(self: &Arc<Self>, bytes: u64, stored: u64, most: u64) -> Option<Storing> {
        let fits = |storing: u64| storing.checked_add(bytes).filter(|sum| stored.saturating_add(*sum) <= most);
        let taken = self.storing.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits);
        taken.ok().map(|_| Storing { organisation: Arc::clone(self), bytes })
    }

    /// Waits until no other request of the organisation has a batch of texts at the model.
    pub(crate) async fn embedding_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.batch).lock_owned().await
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        self.organisation.storing.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.organisation.in_work.fetch_sub(1, Ordering::AcqRel);
        if let Some(share) = &self.key {
            share.in_work.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn one_more(in_work: &AtomicU32, most: u32) -> bool {
    in_work.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| (now < most).then_some(now + 1)).is_ok()
}

/// An organisation's. A burst has room for the least that a request takes, or none would ever come.
fn quotas(limits: &Limits) -> Quotas {
    let of = |per_second: u64, burst: u64, counts: Counts| Quota::new(per_second, burst.max(counts.least()));
    Quotas {
        requests: of(limits.requests_per_second.into(), limits.request_burst.into(), Counts::Requests),
        query: of(limits.query_milli_units_per_second, limits.query_milli_units_burst, Counts::Query),
        write: of(limits.write_milli_units_per_second, limits.write_milli_units_burst, Counts::Write),
    }
}

/// A key's: its burst is to its rate as its organisation's are to each other.
fn key_quotas(key: &KeyLimits, limits: &Limits) -> Quotas {
    let of = |wanted: Option<u64>, per_second: u64, burst: u64, counts: Counts| {
        let Some(rate) = wanted else { return Quota::UNLIMITED };
        let share = u128::from(rate) * u128::from(burst) / u128::from(per_second.max(1));
        Quota::new(rate, u64::try_from(share).unwrap_or(u64::MAX).max(counts.least()))
    };
    let requests = key.requests_per_second.map(u64::from);
    Quotas {
        requests: of(requests, limits.requests_per_second.into(), limits.request_burst.into(), Counts::Requests),
        query: of(
            key.query_milli_units_per_second,
            limits.query_milli_units_per_second,
            limits.query_milli_units_burst,
            Counts::Query,
        ),
        write: of(
            key.write_milli_units_per_second,
            limits.write_milli_units_per_second,
            limits.write_milli_units_burst,
            Counts::Write,
        ),
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
    use agentdb_clock::{ManualClock, SystemClock};
    use agentdb_control_plane_contract::{Edition, KeyKind, NamespacePattern, Standing};
    use agentdb_ids::{OrgId, Uuid};
    use chrono::DateTime;

    use super::*;

    fn limits() -> Limits {
        Limits {
            namespaces: 1,
            api_keys: 1,
            members: 1,
            requests_per_second: 100,
            request_burst: 200,
            query_milli_units_per_second: 1_000,
            query_milli_units_burst: 500,
            write_milli_units_per_second: 10_000,
            write_milli_units_burst: 100_000,
            concurrent_requests: 2,
            fair_share: 1,
            storage_bytes: 1,
            collections_per_namespace: 1,
            vector_dimension: 1,
            history_days: 1,
            undelete_days: 1,
            query_milli_units_per_month: None,
            write_milli_units_per_month: None,
            embedding_tokens_per_month: None,
        }
    }

    fn organisation(n: u128) -> Organisation {
        let policy = OrgPolicy {
            org_id: OrgId::from_uuid(Uuid::from_u128(n)),
            version: 1,
            edition: Edition::Community,
            features: [].into(),
            limits: limits(),
            standing: Standing::Good,
        };
        Organisation::new(policy, Arc::new(SystemClock::new()))
    }

    fn grant(n: u128, limits: KeyLimits) -> Grant {
        Grant {
            key_id: ApiKeyId::from_uuid(Uuid::from_u128(n)),
            version: 1,
            org_id: OrgId::from_uuid(Uuid::from_u128(1)),
            token_sha256: String::new(),
            kind: KeyKind::Api,
            scopes: Vec::new(),
            namespaces: NamespacePattern::any(),
            allowed_addresses: Vec::new(),
            limits,
            expires_at: None,
        }
    }

    #[test]
    fn a_key_has_a_burst_as_its_organisation_has() {
        let slow =
            KeyLimits { requests_per_second: Some(7), write_milli_units_per_second: Some(300), ..KeyLimits::default() };
        let quotas = key_quotas(&slow, &limits());
        assert_eq!(quotas.requests, Quota::new(7, 14));
        assert!(quotas.query.is_unlimited());
        assert_eq!(quotas.write, Quota::new(300, 3_000));
        let least = KeyLimits { write_milli_units_per_second: Some(1), ..KeyLimits::default() };
        assert_eq!(key_quotas(&least, &limits()).write, Quota::new(1, 2_000), "a lone write comes sooner or later");
        assert_eq!(super::quotas(&limits()).query, Quota::new(1_000, 1_000), "as does a query");
    }

    #[test]
    fn what_a_key_has_left_stays_with_it_and_is_forgotten_when_it_is_all() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let organisation = Organisation { clock: Arc::new(clock.clone()), ..organisation(1) };
        let two = KeyLimits { requests_per_second: Some(2), ..KeyLimits::default() };
        let share = |n, limits| organisation.key_share(&grant(n, limits), &super::tests::limits());
        assert!(share(1, KeyLimits::default()).is_none());
        let first = share(1, two).expect("it has limits");
        first.rates.requests.take(4, clock.monotonic()).expect("its burst");
        drop(first);
        let more = KeyLimits { requests_per_second: Some(20), ..two };
        let left = |n, limits| share(n, limits).map(|share| share.rates.requests.left(clock.monotonic()).units);
        assert_eq!((left(1, two), left(1, more), left(2, two)), (Some(0), Some(0), Some(4)));
        for n in 0..2 * KEYS_SWEPT_ABOVE as u128 {
            share(10 + n, two);
        }
        assert!(organisation.keys.lock().len() <= KEYS_SWEPT_ABOVE + 1);
        assert_eq!(left(1, more), Some(0), "it owes");
    }

    #[test]
    fn writes_that_come_at_once_do_not_store_more_together_than_may_be_stored() {
        let organisation = Arc::new(organisation(1));
        let first = organisation.room_to_store(60, 30, 100).expect("there is room");
        assert!(organisation.room_to_store(11, 30, 100).is_none());
        let second = organisation.room_to_store(10, 30, 100).expect("as much as there is");
        drop(first);
        assert!(organisation.room_to_store(61, 30, 100).is_none());
        drop(organisation.room_to_store(60, 30, 100).expect("the first one's is free"));
        drop(second);
        assert!(organisation.room_to_store(1, 100, 100).is_none() && organisation.room_to_store(0, 100, 100).is_some());
        assert!(organisation.room_to_store(u64::MAX, 0, u64::MAX).is_some(), "and nothing overflows");
    }

    #[test]
    fn a_key_and_its_organisation_have_as_many_in_work_as_they_may_and_who_is_refused_takes_no_place() {
        let organisation = Arc::new(organisation(1));
        let one = KeyLimits { concurrent_requests: Some(1), ..KeyLimits::default() };
        let share = || organisation.key_share(&grant(1, one), &limits()).map(|share| (share, 1));
        let first = organisation.begin(2, share()).expect("both have room");
        assert_eq!(organisation.begin(2, share()).expect_err("the key has one"), (Whose::Key, 1));
        let second = organisation.begin(2, None).expect("the organisation has room");
        drop(first);
        let third = organisation.begin(2, share()).expect("both have room again");
        drop(second);
        let other = organisation.key_share(&grant(2, one), &limits()).map(|share| (share, 1));
        let fourth = organisation.begin(2, other.clone()).expect("another key");
        drop(third);
        let fifth = organisation.begin(2, None).expect("room");
        drop(fourth);
        let sixth = organisation.begin(2, None).expect("room");
        assert_eq!(organisation.begin(2, other.clone()).expect_err("full"), (Whose::Organisation, 2));
        drop((fifth, sixth));
        organisation.begin(2, other).expect("the refused one left the key's place free");
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
