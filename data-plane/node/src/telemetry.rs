//! The node's metrics. No label names a tenant.

use std::time::Duration;

use http::StatusCode;

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

/// How the node's parts are, set at every report.
pub(crate) struct Gauges {
    /// Counters that billing has not got.
    pub usage_backlog: usize,
    /// Namespaces open.
    pub open_namespaces: usize,
    /// The most commits that any open namespace has not folded yet.
    pub fold_lag_commits: u64,
    /// The age of the oldest write of any open namespace that is not folded, in milliseconds.
    pub fold_lag_ms: u64,
    /// Bytes of the memtables of all open namespaces.
    pub memtable_bytes: usize,
    /// Rows in the vector indexes of all open namespaces that searches use.
    pub indexed_rows: usize,
    /// Bytes of all vector indexes, those that are being built included.
    pub index_bytes: usize,
    /// Bytes of tables written by folds and compactions of the open namespaces.
    pub written_bytes: u64,
    /// Bytes of the tables of the open namespaces, all versions, and those that deleted rows take in the newest.
    pub table_bytes: u64,
    pub table_dead_bytes: u64,
}

impl Gauges {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is for looking at")]
    pub(crate) fn publish(&self) {
        metrics::gauge!("agentdb_node_usage_backlog").set(self.usage_backlog as f64);
        metrics::gauge!("agentdb_node_open_namespaces").set(self.open_namespaces as f64);
        metrics::gauge!("agentdb_node_fold_lag_commits").set(self.fold_lag_commits as f64);
        metrics::gauge!("agentdb_node_fold_lag_seconds").set(self.fold_lag_ms as f64 / 1e3);
        metrics::gauge!("agentdb_node_memtable_bytes").set(self.memtable_bytes as f64);
        metrics::gauge!("agentdb_node_indexed_rows").set(self.indexed_rows as f64);
        metrics::gauge!("agentdb_node_index_bytes").set(self.index_bytes as f64);
        metrics::gauge!("agentdb_node_table_written_bytes").set(self.written_bytes as f64);
        metrics::gauge!("agentdb_node_table_bytes").set(self.table_bytes as f64);
        metrics::gauge!("agentdb_node_table_dead_bytes").set(self.table_dead_bytes as f64);
    }
}
