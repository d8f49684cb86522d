//! The node's metrics. No label names a tenant: what namespaces have is added up, or the worst of them is told.

use std::time::Duration;

use agentdb_data_plane_engine::Stats;
use http::StatusCode;
use parking_lot::Mutex;

use crate::admission::Operation;

/// A data request was answered.
pub(crate) fn served(operation: &Operation, status: StatusCode, took: Duration) {
    let class = match status.as_u16() {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("agentdb_node_requests_total", "operation" => operation.id, "status" => class).increment(1);
    metrics::histogram!("agentdb_node_request_seconds", "operation" => operation.id).record(took.as_secs_f64());
}

/// How many places of a share are held, and how many wait for one.
#[expect(clippy::cast_precision_loss, reason = "a gauge is for looking at")]
pub(crate) fn share(of: &'static str, held: usize, waiting: usize) {
    for (name, value) in [("agentdb_node_share_held", held), ("agentdb_node_share_waiting", waiting)] {
        metrics::gauge!(name, "of" => of).set(value as f64);
    }
}

/// What one open namespace has counted since it was opened and the node's counters have already. Each handle has its
/// own, so the counters do not fall when it is closed.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Counted>);

/// What the engine counts from an opening on; none of it ever falls.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    writes: u64,
    log_entries: u64,
    folds: u64,
    failed_folds: u64,
    table_bytes: u64,
}

impl Counted {
    fn of(stats: &Stats) -> Self {
        Self {
            writes: stats.writes,
            log_entries: stats.entries,
            folds: stats.folds,
            failed_folds: stats.failed_folds,
            table_bytes: stats.storage.fold_bytes + stats.storage.compaction_bytes,
        }
    }
}

impl Counters {
    /// How the namespace is doing, by `look`; what it has counted since the last time goes into the node's counters. It
    /// is looked at under the lock, so that no older figures come after newer ones.
    pub(crate) fn count(&self, look: impl FnOnce() -> Stats) -> Stats {
        let mut before = self.0.lock();
        let stats = look();
        let now = Counted::of(&stats);
        let since = |part: fn(&Counted) -> u64| part(&now).saturating_sub(part(&before));
        metrics::counter!("agentdb_node_writes_total").increment(since(|counted| counted.writes));
        metrics::counter!("agentdb_node_log_entries_total").increment(since(|counted| counted.log_entries));
        metrics::counter!("agentdb_node_folds_total").increment(since(|counted| counted.folds));
        metrics::counter!("agentdb_node_fold_failures_total").increment(since(|counted| counted.failed_folds));
        metrics::counter!("agentdb_node_table_written_bytes_total").increment(since(|counted| counted.table_bytes));
        *before = now;
        stats
    }
}

/// How the node's parts are, set at every report.
pub(crate) struct Gauges {
    /// Counters that billing has not got.
    pub usage_backlog: usize,
    /// How each open namespace is doing.
    pub open: Vec<Stats>,
}

impl Gauges {
    pub(crate) fn publish(&self) {
        set("agentdb_node_usage_backlog", self.usage_backlog as u64);
        set("agentdb_node_open_namespaces", self.open.len() as u64);
        self.publish_writes();
        self.publish_memory();
        self.publish_storage();
    }

    /// What has not come to its end.
    fn publish_writes(&self) {
        let behind = |stats: &Stats| stats.commit.saturating_sub(stats.folded_commit);
        set("agentdb_node_waiting_writes", self.sum(|stats| stats.waiting as u64));
        set("agentdb_node_unfolded_log_entries", self.sum(behind));
        set("agentdb_node_unfolded_log_bytes", self.sum(|stats| stats.storage.unfolded_log_bytes));
        set("agentdb_node_fold_lag_commits", self.most(behind));
        let lag = Duration::from_millis(self.most(|stats| stats.fold_lag_ms));
        metrics::gauge!("agentdb_node_fold_lag_seconds").set(lag.as_secs_f64());
        set("agentdb_node_collections_set_aside", self.sum(|stats| stats.set_aside as u64));
        set("agentdb_node_set_aside_bytes", self.sum(|stats| stats.set_aside_bytes as u64));
    }

    fn publish_memory(&self) {
        set("agentdb_node_memtable_bytes", self.sum(|stats| stats.memtable_bytes as u64));
        set("agentdb_node_resident_bytes", self.sum(|stats| stats.resident_bytes as u64));
        set("agentdb_node_indexed_rows", self.sum(|stats| stats.indexed_rows as u64));
        set("agentdb_node_index_bytes", self.sum(|stats| stats.index_bytes as u64));
    }

    fn publish_storage(&self) {
        set("agentdb_node_logical_bytes", self.sum(|stats| stats.logical_bytes));
        set("agentdb_node_history_bytes", self.sum(|stats| stats.history_bytes));
        set("agentdb_node_log_bytes", self.sum(|stats| stats.storage.log_bytes));
        set("agentdb_node_table_bytes", self.sum(|stats| stats.storage.table_bytes));
        set("agentdb_node_table_live_bytes", self.sum(|stats| stats.storage.table_live_bytes));
        set("agentdb_node_table_dead_bytes", self.sum(|stats| stats.storage.table_dead_bytes));
        set("agentdb_node_table_logical_bytes", self.sum(|stats| stats.storage.table_logical_bytes));
    }

    fn sum(&self, part: impl Fn(&Stats) -> u64) -> u64 {
        self.open.iter().map(part).fold(0, u64::saturating_add)
    }

    fn most(&self, part: impl Fn(&Stats) -> u64) -> u64 {
        self.open.iter().map(part).max().unwrap_or(0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is for looking at")]
fn set(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}

#[cfg(test)]
mod tests;
