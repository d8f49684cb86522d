//! Usage on its way from the place where it is counted to billing.
//!
//! Counters are cumulative, so a report may come twice, late or out of order and nothing is counted
//! twice: billing keeps the largest value of each [`Counter`] and a decrease is an alert.

use agentdb_ids::{ApiKeyId, IncarnationId, NamespaceId, NodeId, OrgId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Query milli-units: 1,000 a query + 250 for each full 256 MiB of the collection's logical bytes, at
    /// most 20,000; fetch, scan and count 10 a record, at least 100.
    Query,
    /// Write milli-units: 1,000 for each started 4 KiB of a record, delete 250 a record, a request at least 2,000.
    Write,
    /// Logical bytes held for an hour, sampled once an hour.
    StorageByteHours,
    /// Bytes of replies that carry data.
    EgressBytes,
    /// Tokens embedded.
    EmbeddingTokens,
}

impl Meter {
    /// Every meter.
    pub const ALL: [Self; 5] =
        [Self::Query, Self::Write, Self::StorageByteHours, Self::EgressBytes, Self::EmbeddingTokens];

    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Write => "write",
            Self::StorageByteHours => "storage_byte_hours",
            Self::EgressBytes => "egress_bytes",
            Self::EmbeddingTokens => "embedding_tokens",
        }
    }
}

impl std::str::FromStr for Meter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|m| m.as_str() == text).ok_or_else(|| format!("unknown meter `{text}`"))
    }
}

/// Where a cumulative counter lives; it never goes back within its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Source {
    /// The log of a namespace: usage of writes, as durable as the writes, the same on whichever node.
    Log(NamespaceId),
    /// One life of a node's process: usage of reads, spooled on its disk.
    Node(IncarnationId),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Log(namespace) => write!(f, "log:{namespace}"),
            Self::Node(incarnation) => write!(f, "node:{incarnation}"),
        }
    }
}

/// One cumulative counter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Where it lives.
    pub source: Source,
    /// Whom it is billed to.
    pub org_id: OrgId,
    /// Where the work was done.
    pub namespace_id: NamespaceId,
    /// Who asked for it; `None` for what no key asks for, such as storage.
    pub key_id: Option<ApiKeyId>,
    /// What was counted.
    pub meter: Meter,
    /// The UTC hour, in whole hours since the Unix epoch.
    pub hour: i64,
    /// The count since the hour began, in the meter's unit.
    pub value: u64,
}

/// A report of a node: `POST /internal/v1/usage/checkpoints`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Who reports.
    pub node_id: NodeId,
    /// Which life of it.
    pub incarnation: IncarnationId,
    /// Counts the reports of this life from 1.
    pub sequence: u64,
    /// Everything that changed since the last acknowledged report; at most [`MAX_COUNTERS`].
    pub counters: Vec<Counter>,
    /// Organisations whose totals of the running month the node wants, besides those in `counters`.
    pub interest: Vec<OrgId>,
}

/// The most counters that one report may carry.
pub const MAX_COUNTERS: usize = 20_000;

/// Billing's answer: everything in the report is durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckpointReply {
    /// The report that is answered.
    pub sequence: u64,
    /// Totals of the running month.
    pub months: Vec<MonthTotals>,
}

/// What an organisation has used in a calendar month (UTC), as far as it was reported by anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthTotals {
    /// The organisation.
    pub org_id: OrgId,
    /// The month's first hour, in whole hours since the Unix epoch.
    pub month_start_hour: i64,
    /// The first hour of the next month.
    pub month_end_hour: i64,
    /// Milli-units.
    pub query: u64,
    /// Milli-units.
    pub write: u64,
    /// Tokens.
    pub embedding_tokens: u64,
}
