//! Reporting to billing what was counted, until it says that it has it.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{
    Checkpoint, ClientError, Counter, Meter, MonthTotals, Source, usage::MAX_COUNTERS,
};
use agentdb_data_plane_engine::UsageKey;
use agentdb_ids::{ApiKeyId, IncarnationId, NodeId, OrgId};
use parking_lot::Mutex;

use super::{CounterKey, Spool, StorageLedger, dirty::Covered, months::Mark, spool::OldSpool, storage::Sample};
use crate::{
    admission::Organisation,
    assignments::{Registry, Slot},
    config::MeteringConfig,
    files,
    line::Line,
};

/// Organisations whose totals one report asks for.
const MAX_INTEREST: usize = 5_000;

/// Why a report is not with billing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("billing answered another report than the one sent")]
    Mismatch,
}

/// Where a counter of a report comes from, so that its acknowledgement finds the way back.
enum Origin {
    Spool(CounterKey),
    Old(IncarnationId, CounterKey),
    Log(Arc<Slot>, UsageKey),
    Storage(Sample),
}

/// Sends cumulative counters. Sending one twice does no harm, so whatever is in doubt is sent again.
#[derive(Debug)]
pub(crate) struct Reporter {
    node_id: NodeId,
    incarnation: IncarnationId,
    line: Arc<dyn Line>,
    clock: Arc<dyn Clock>,
    config: MeteringConfig,
    spool: Arc<Spool>,
    storage: Arc<StorageLedger>,
    registry: Arc<Registry>,
    old: Mutex<Vec<OldSpool>>,
    sequence: AtomicU64,
    /// One report at a time, so that acknowledgements come in order.
    turn: tokio::sync::Mutex<()>,
}

/// The namespaces a report covers, and the counters of it.
type Gathered = (Vec<(Arc<Slot>, Covered)>, Vec<(Origin, Counter)>);

impl Reporter {
    #[expect(clippy::too_many_arguments, reason = "the parts it connects, each given once at start")]
    pub(crate) fn new(
        (node_id, incarnation): (NodeId, IncarnationId),
        line: Arc<dyn Line>,
        clock: Arc<dyn Clock>,
        config: MeteringConfig,
        spool: Arc<Spool>,
        storage: Arc<StorageLedger>,
        registry: Arc<Registry>,
        old: Vec<OldSpool>,
    ) -> Self {
        let (old, sequence, turn) = (Mutex::new(old), AtomicU64::new(0), tokio::sync::Mutex::default());
        Self { node_id, incarnation, line, clock, config, spool, storage, registry, old, sequence, turn }
    }

    /// Reports everything that billing has not got. When this returns `Ok`, it has what was counted before. Whether it
    /// answers or not, what is kept for it stays bounded.
    pub(crate) async fn report(&self) -> Result<(), ReportError> {
        let _turn = self.turn.lock().await;
        let hour = self.clock.hour();
        let outcome = self.send_all(hour).await;
        self.tidy(hour).await;
        outcome
    }

    async fn send_all(&self, hour: i64) -> Result<(), ReportError> {
        let marks = self.marks(hour);
        let (covered, mut counters) = self.gather();
        let interest: Vec<OrgId> = marks.keys().copied().take(MAX_INTEREST).collect();
        if counters.is_empty() && interest.is_empty() {
            Self::settle(covered);
            return Ok(());
        }
        let mut months = HashMap::new();
        loop {
            let part = counters.split_off(counters.len().saturating_sub(MAX_COUNTERS));
            self.send(part, &interest, &mut months).await?;
            if counters.is_empty() {
                break;
            }
        }
        for (org_id, totals) in months {
            if let Some((organisation, mark)) = marks.get(&org_id) {
                organisation.month.reported(&totals, *mark);
            }
        }
        Self::settle(covered);
        Ok(())
    }

    /// Counters that wait for billing.
    pub(crate) fn backlog(&self) -> usize {
        self.spool.backlog() + self.old.lock().iter().map(|old| old.counters.len()).sum::<usize>()
    }

    /// Taken before the counters, see [`super::MonthLedger::mark`].
    fn marks(&self, hour: i64) -> HashMap<OrgId, (Arc<Organisation>, Mark)> {
        let organisations = self.registry.organisations();
        let limited = organisations.into_iter().filter(|organisation| {
            let limits = organisation.policy().limits;
            let stops = limits.query_milli_units_per_month.is_some()
                || limits.write_milli_units_per_month.is_some()
                || limits.embedding_tokens_per_month.is_some();
            stops && (organisation.month.is_unknown(hour) || organisation.month.has_grown(hour))
        });
        limited.map(|o| (o.policy().org_id, (Arc::clone(&o), o.month.mark(hour)))).collect()
    }

    fn gather(&self) -> Gathered {
        let mut counters = Vec::new();
        let this = Source::Node(self.incarnation);
        for (key, value) in self.spool.unacknowledged(usize::MAX) {
            counters.push((Origin::Spool(key), counter(this, &key, value)));
        }
        for old in self.old.lock().iter() {
            let source = Source::Node(old.incarnation);
            let owed = old.counters.iter();
            counters.extend(owed.map(|(k, v)| (Origin::Old(old.incarnation, *k), counter(source, k, *v))));
        }
        for sample in self.storage.pending() {
            counters.push((Origin::Storage(sample), Self::storage_counter(&sample)));
        }
        let mut covered = Vec::new();
        for slot in self.registry.slots() {
            let Some(open) = slot.peek() else { continue };
            // Before the log's usage is read: what is written after it is not covered.
            let Some(extent) = slot.mark.unsettled(Some(open.commit())) else { continue };
            Self::gather_log(&slot, &open.usage(), &mut counters);
            drop(open);
            covered.push((slot, extent));
        }
        (covered, counters)
    }

    fn gather_log(slot: &Arc<Slot>, usage: &[(UsageKey, u64)], counters: &mut Vec<(Origin, Counter)>) {
        let assignment = slot.assignment();
        let acknowledged = slot.acknowledged.lock();
        for (key, value) in usage {
            if acknowledged.get(key).is_some_and(|known| known >= value) {
                continue;
            }
            let Ok(meter) = key.meter.parse::<Meter>() else {
                tracing::error!(meter = key.meter, "a log holds usage of a meter that is not known here");
                continue;
            };
            let counter = Counter {
                source: Source::Log(assignment.namespace_id),
                org_id: assignment.org_id,
                namespace_id: assignment.namespace_id,
                key_id: Some(ApiKeyId::from_uuid(key.key)),
                meter,
                hour: key.hour,
                value: *value,
            };
            counters.push((Origin::Log(Arc::clone(slot), key.clone()), counter));
        }
    }

    fn storage_counter(sample: &Sample) -> Counter {
        Counter {
            source: Source::Log(sample.namespace_id),
            org_id: sample.org_id,
            namespace_id: sample.namespace_id,
            key_id: None,
            meter: Meter::StorageByteHours,
            hour: sample.hour,
            value: sample.bytes,
        }
    }

    async fn send(
        &self,
        part: Vec<(Origin, Counter)>,
        interest: &[OrgId],
        months: &mut HashMap<OrgId, MonthTotals>,
    ) -> Result<(), ReportError> {
        let (origins, counters): (Vec<_>, Vec<_>) = part.into_iter().unzip();
        let values: Vec<_> = counters.iter().map(|counter| counter.value).collect();
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let checkpoint = Checkpoint {
            node_id: self.node_id,
            incarnation: self.incarnation,
            sequence,
            counters,
            interest: interest.to_vec(),
        };
        let reply = self.line.checkpoint(&checkpoint).await?;
        if reply.sequence != sequence {
            return Err(ReportError::Mismatch);
        }
        months.extend(reply.months.into_iter().map(|totals| (totals.org_id, totals)));
        self.acknowledge(origins, &values).await;
        Ok(())
    }

    async fn acknowledge(&self, origins: Vec<Origin>, values: &[u64]) {
        let mut samples = Vec::new();
        for (origin, value) in origins.into_iter().zip(values) {
            match origin {
                Origin::Spool(key) => self.spool.acknowledge(&key, *value),
                Origin::Old(incarnation, key) => self.acknowledge_old(incarnation, &key),
                Origin::Log(slot, key) => {
                    slot.acknowledged.lock().insert(key, *value);
                }
                Origin::Storage(sample) => samples.push(sample),
            }
        }
        let storage = Arc::clone(&self.storage);
        if let Err(error) = files::off_thread(move || storage.acknowledge(&samples)).await {
            tracing::warn!(%error, "the storage ledger was not saved; its samples are sent again");
        }
    }

    /// Forgets what an earlier life owed; its file goes with the last of it.
    fn acknowledge_old(&self, incarnation: IncarnationId, key: &CounterKey) {
        let mut old = self.old.lock();
        if let Some(spool) = old.iter_mut().find(|spool| spool.incarnation == incarnation) {
            spool.counters.remove(key);
        }
        old.retain(|spool| {
            if spool.counters.is_empty()
                && let Err(error) = fs::remove_file(&spool.path)
            {
                tracing::warn!(%error, "a settled usage spool was not removed; it is sent again at the next start");
            }
            !spool.counters.is_empty()
        });
    }

    fn settle(covered: Vec<(Arc<Slot>, Covered)>) {
        for (slot, extent) in covered {
            slot.mark.settle(extent, slot.peek().map(|open| open.commit()));
        }
    }

    /// Drops what billing has and nobody adds to any more.
    async fn tidy(&self, hour: i64) {
        let (spool, bytes) = (Arc::clone(&self.spool), self.config.spool_compact_bytes);
        if let Err(error) = files::off_thread(move || spool.compact(hour - 1, bytes)).await {
            tracing::warn!(%error, "the usage spool was not compacted");
        }
        let oldest = hour - self.config.log_usage_kept_h;
        for slot in self.registry.slots() {
            Self::tidy_log(&slot, oldest);
        }
    }

    /// Lets the log forget usage of hours before `oldest` once billing has all of it.
    fn tidy_log(slot: &Slot, oldest: i64) {
        let mut acknowledged = slot.acknowledged.lock();
        if !acknowledged.keys().any(|key| key.hour < oldest) {
            return;
        }
        if let Some(open) = slot.peek() {
            let owed = |(key, value): &(UsageKey, u64)| {
                key.hour < oldest && acknowledged.get(key).is_none_or(|known| known < value)
            };
            if open.usage().iter().any(owed) {
                return;
            }
            open.forget_usage_before(oldest);
        }
        acknowledged.retain(|key, _| key.hour >= oldest);
    }
}

fn counter(source: Source, key: &CounterKey, value: u64) -> Counter {
    Counter {
        source,
        org_id: key.org_id,
        namespace_id: key.namespace_id,
        key_id: Some(key.key_id),
        meter: key.meter,
        hour: key.hour,
        value,
    }
}

#[cfg(test)]
mod tests;
