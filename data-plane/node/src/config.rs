//! What can be set on a node: one small struct a concern, each with defaults that work.

use std::{path::PathBuf, time::Duration};

use agentdb_data_plane_engine as engine;
use agentdb_ids::NodeId;
use serde::{Deserialize, Serialize};

use crate::fair::Bounds;

/// A node's settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Who the node is, the same across restarts.
    pub node_id: NodeId,
    /// The node's own directory: lock, saved policy and grants, usage spool. No tenant's data.
    pub directory: PathBuf,
    /// Proxies in front of the node that add to `X-Forwarded-For`; with 0 the header is not believed.
    #[serde(default)]
    pub trusted_proxies: u8,
    /// The lease on the node's name.
    #[serde(default)]
    pub lease: LeaseConfig,
    /// The line to the control plane.
    #[serde(default)]
    pub assignments: AssignmentsConfig,
    /// The cache of what keys allow.
    #[serde(default)]
    pub grants: GrantsConfig,
    /// What is refused before work begins.
    #[serde(default)]
    pub admission: AdmissionConfig,
    /// How a busy node is shared.
    #[serde(default)]
    pub fairness: FairnessConfig,
    /// Counting and reporting.
    #[serde(default)]
    pub metering: MeteringConfig,
    /// The engine's pace and memory.
    #[serde(default)]
    pub engine: EngineConfig,
}

impl NodeConfig {
    /// The defaults for a node that keeps its files in `directory`.
    #[must_use]
    pub fn new(node_id: NodeId, directory: PathBuf) -> Self {
        Self {
            node_id,
            directory,
            trusted_proxies: 0,
            lease: LeaseConfig::default(),
            assignments: AssignmentsConfig::default(),
            grants: GrantsConfig::default(),
            admission: AdmissionConfig::default(),
            fairness: FairnessConfig::default(),
            metering: MeteringConfig::default(),
            engine: EngineConfig::default(),
        }
    }
}

/// The lease on the node's name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// How long a renewal is good for, counted from before it was sent.
    pub validity_ms: u64,
    /// How often it is renewed.
    pub renew_every_ms: u64,
    /// How long one renewal may take.
    pub put_timeout_ms: u64,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self { validity_ms: 10_000, renew_every_ms: 3_000, put_timeout_ms: 4_000 }
    }
}

impl LeaseConfig {
    pub(crate) const fn validity(self) -> Duration {
        Duration::from_millis(self.validity_ms)
    }

    pub(crate) const fn renew_every(self) -> Duration {
        Duration::from_millis(self.renew_every_ms)
    }

    pub(crate) const fn put_timeout(self) -> Duration {
        Duration::from_millis(self.put_timeout_ms)
    }
}

/// The line to the control plane, and the namespaces it places here.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssignmentsConfig {
    /// How long a poll for changes waits.
    pub poll_wait_s: u64,
    /// How often the node's view is compared with the control plane's.
    pub digest_every_s: u64,
    /// Namespaces open at once; the least recently used idle one is closed to make room.
    pub max_open: usize,
    /// A namespace that is not used for this long is closed.
    pub idle_close_s: u64,
    /// How long a drain waits for requests in work.
    pub drain_deadline_s: u64,
}

impl Default for AssignmentsConfig {
    fn default() -> Self {
        Self { poll_wait_s: 20, digest_every_s: 60, max_open: 1_000, idle_close_s: 900, drain_deadline_s: 20 }
    }
}

/// The cache of what keys allow.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantsConfig {
    /// How long a grant is used without asking again.
    pub fresh_s: u64,
    /// How long it is used when the control plane does not answer.
    pub usable_s: u64,
    /// How long "no such key" is believed.
    pub negative_s: u64,
    /// Grants kept.
    pub capacity: usize,
    /// How long a request waits for the control plane to confirm a grant that is no longer fresh.
    pub refresh_wait_ms: u64,
    /// How often the control plane is told when and from where keys were last used.
    pub report_uses_every_ms: u64,
}

impl Default for GrantsConfig {
    fn default() -> Self {
        Self {
            fresh_s: 60,
            usable_s: 900,
            negative_s: 3,
            capacity: 100_000,
            refresh_wait_ms: 1_000,
            report_uses_every_ms: 10_000,
        }
    }
}

/// What is refused before work begins.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionConfig {
    /// Look-ups of unknown keys that one address may cause a second, sustained.
    pub unknown_keys_per_second: u32,
    /// Look-ups of unknown keys that one address may cause at once.
    pub unknown_keys_burst: u32,
    /// Look-ups of unknown keys that all addresses together may cause a second, sustained.
    pub all_unknown_keys_per_second: u32,
    /// Look-ups of unknown keys that all addresses together may cause at once.
    pub all_unknown_keys_burst: u32,
    /// Addresses remembered; beyond it unknown keys are throttled together.
    pub max_addresses: usize,
    /// The longest a request may be in work. The largest batch of texts takes the local model about a minute on two
    /// cores, and a batch that can never end in time could never be stored.
    pub request_timeout_s: u64,
    /// The largest body of a request.
    pub max_body_bytes: usize,
    /// Bytes of request bodies in work at once, of all callers together.
    pub max_bodies_bytes: usize,
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        Self {
            unknown_keys_per_second: 5,
            unknown_keys_burst: 100,
            all_unknown_keys_per_second: 200,
            all_unknown_keys_burst: 2_000,
            max_addresses: 100_000,
            request_timeout_s: 120,
            max_body_bytes: 16 * 1024 * 1024,
            max_bodies_bytes: 256 * 1024 * 1024,
        }
    }
}

/// How a busy node is shared between organisations.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FairnessConfig {
    /// Requests that work in the engine at once; 0 for as many as the process may use cores. As many organisations that
    /// have none at work may have one beside them.
    pub work_places: usize,
    /// Calls of the object store under way at once. A quarter more is kept for organisations that have few.
    pub store_calls: usize,
    /// Requests, and calls of the object store, of one organisation that wait; one more is refused.
    pub queue: usize,
}

impl Default for FairnessConfig {
    fn default() -> Self {
        Self { work_places: 0, store_calls: 128, queue: 4_096 }
    }
}

impl FairnessConfig {
    /// For work in the engine.
    pub(crate) fn work(self) -> Bounds {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let places = if self.work_places == 0 { cores() } else { self.work_places };
        // What a read waits for at the store, nobody else has to wait for; how many of its calls, it says itself.
        Bounds { places, kept: places, each: 1, background: 1, lent: 8, queue: self.queue }
    }

    /// For calls of the object store.
    pub(crate) fn store(self) -> Bounds {
        let places = self.store_calls.max(1);
        let part = |of: usize| (places / of).max(1);
        Bounds { places, kept: part(4), each: part(16), background: part(2), lent: 0, queue: self.queue }
    }
}

/// Counting and reporting.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeteringConfig {
    /// How often usage is reported, and the spool made safe against a crash of the machine.
    pub report_every_ms: u64,
    /// The spool is rewritten without what is acknowledged when it grows beyond this.
    pub spool_compact_bytes: u64,
    /// Counters held while billing does not answer; beyond it requests that cannot be counted are refused.
    pub max_counters: usize,
    /// How long acknowledged usage of writes stays in a namespace's log, in hours.
    pub log_usage_kept_h: i64,
}

impl Default for MeteringConfig {
    fn default() -> Self {
        Self {
            report_every_ms: 5_000,
            spool_compact_bytes: 16 * 1024 * 1024,
            max_counters: 500_000,
            log_usage_kept_h: 26,
        }
    }
}

/// The engine's pace and memory.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Rows not folded yet after which a fold starts.
    pub fold_rows: usize,
    /// Bytes not folded yet after which a fold starts.
    pub fold_bytes: usize,
    /// Age of the oldest write not folded yet after which a fold starts.
    pub fold_interval_s: u64,
    /// Bytes not folded yet above which the writes of a namespace are refused.
    pub max_memtable_bytes: usize,
    /// Writes of a namespace that wait for its log; one more is refused.
    pub max_pending_writes: usize,
    /// Bytes of rows kept in memory for search.
    pub max_resident_bytes: usize,
    /// Bytes of the records that one read may return: larger pages end early, larger answers are refused.
    pub max_read_bytes: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let engine = engine::Config::default();
        Self {
            fold_rows: engine.fold_rows,
            fold_bytes: engine.fold_bytes,
            fold_interval_s: engine.fold_interval.as_secs(),
            max_memtable_bytes: engine.max_memtable_bytes,
            max_pending_writes: engine.max_pending_writes,
            max_resident_bytes: engine.max_resident_bytes,
            max_read_bytes: engine.max_read_bytes,
        }
    }
}

impl EngineConfig {
    pub(crate) fn for_engine(self) -> engine::Config {
        engine::Config {
            fold_rows: self.fold_rows,
            fold_bytes: self.fold_bytes,
            fold_interval: Duration::from_secs(self.fold_interval_s),
            max_memtable_bytes: self.max_memtable_bytes,
            // A queue has room for one at least.
            max_pending_writes: self.max_pending_writes.max(1),
            max_resident_bytes: self.max_resident_bytes,
            max_read_bytes: self.max_read_bytes,
            ..engine::Config::default()
        }
    }
}
