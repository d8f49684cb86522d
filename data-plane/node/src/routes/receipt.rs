//! The receipt of a data reply: what the request did, what it used, and where its data were.

use std::time::Duration;

use agentdb_data_plane_engine::Io;
use agentdb_ids::RequestId;
use serde::Serialize;
use utoipa::ToSchema;

/// What a request did and used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The request.
    pub request_id: RequestId,
    /// For a write its commit; for a read the last commit that the answer has seen.
    pub commit: u64,
    /// Units counted, by meter. Empty when nothing is counted, as for a repeated request.
    pub milli_units: MilliUnits,
    /// Tokens embedded for this request.
    #[serde(skip_serializing_if = "is_zero")]
    pub embedding_tokens: u64,
    /// Where the time went.
    pub timing_ms: Timing,
    /// Where the data were.
    pub tier: Tier,
    /// What the object store was asked for. Left out when it was asked for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageCalls>,
}

/// Milli-units of work.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct MilliUnits {
    /// On the meter `query`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<u64>,
    /// On the meter `write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<u64>,
}

/// Milliseconds of a request's life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timing {
    /// From admission to reply.
    total: f64,
    /// In the engine.
    engine: f64,
    /// In the embedding model.
    #[serde(skip_serializing_if = "Option::is_none")]
    embed: Option<f64>,
}

impl Timing {
    pub(super) fn new(total: Duration, engine: Duration, embed: Option<Duration>) -> Self {
        Self { total: millis(total), engine: millis(engine), embed: embed.map(millis) }
    }
}

/// Milliseconds to the microsecond.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Where the data were when they were asked for: `hot`, all of them in the memory of the node that owns the namespace;
/// `warm`, in tables of which the node had cached what was needed; `cold`, in the object store, of which some were read
/// for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    /// In memory.
    Hot,
    /// In tables, and cached.
    Warm,
    /// In the object store.
    Cold,
}

impl Tier {
    pub(super) fn of(io: &Io) -> Self {
        match (io.calls(), io.tables) {
            (0, false) => Self::Hot,
            (0, true) => Self::Warm,
            _ => Self::Cold,
        }
    }
}

/// What the object store was asked for on behalf of one request: to open the namespace, where this request was the
/// first to need it, and to read the records that were asked for or are changed. What is everybody's is not in it,
/// though the request may have waited for it: the log entry of a write, one PUT of all writes that go together; an
/// opening or a loading that another request began; rows that come into memory for later requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StorageCalls {
    /// Calls of all kinds.
    calls: u64,
    /// Bytes read and written.
    bytes: u64,
    /// Calls of which each could begin only after the one before had ended.
    round_trips: u64,
}

impl StorageCalls {
    /// `None` when it was asked for nothing.
    pub(super) fn of(io: &Io) -> Option<Self> {
        let calls = io.calls();
        (calls > 0).then_some(Self { calls, bytes: io.bytes, round_trips: io.round_trips })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_says_how_far_the_data_were() {
        let cached = Io { tables: true, ..Io::default() };
        assert_eq!((Tier::of(&Io::default()), Tier::of(&cached)), (Tier::Hot, Tier::Warm));
        assert!(StorageCalls::of(&Io::default()).is_none() && StorageCalls::of(&cached).is_none());
        let opened = Io { lists: 2, puts: 1, bytes: 90, round_trips: 2, ..Io::default() };
        let read = Io { gets: 4, bytes: 1_000, round_trips: 1, ..cached };
        for io in [opened, read, opened.then(read)] {
            assert_eq!(Tier::of(&io), Tier::Cold, "{io:?}");
        }
        let told = serde_json::to_value(StorageCalls::of(&opened.then(read))).expect("JSON");
        assert_eq!(told, serde_json::json!({"calls": 7, "bytes": 1_090, "round_trips": 3}));
    }
}
