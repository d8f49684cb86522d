//! What the client did, counted by the client: the price list's formulas on its own requests, the receipts it was
//! given, and the bytes it received.

use std::collections::BTreeMap;

use crate::harness::Reply;

/// The price list: 1,000 milli-units a started 4 KiB of a record, a request at least 2,000.
const RECORD: u64 = 1_000;
const WRITE_LEAST: u64 = 2_000;
/// A query of a collection below 256 MiB.
const QUERY: u64 = 1_000;
/// 10 a record read, a request at least 100.
const READ: u64 = 10;
const READ_LEAST: u64 = 100;

/// Meters that receipts state.
const STATED: [&str; 3] = ["query", "write", "embedding_tokens"];

/// Sums by meter.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// By the formulas.
    pub own: BTreeMap<&'static str, u64>,
    /// By the receipts, which cannot state the bytes of the reply they are part of.
    pub receipts: BTreeMap<&'static str, u64>,
    /// Data requests that were answered well.
    pub requests: u64,
}

/// What a request was, as far as its price goes.
#[derive(Debug, Clone, Copy)]
pub enum Did {
    /// A collection was created.
    Create,
    /// So many records, each below 4 KiB with its vector, and so many tokens embedded.
    Upsert { records: u64, tokens: u64 },
    /// A query whose text had so many tokens.
    Query { tokens: u64 },
    /// A count, or a fetch of so many records.
    Read { records: u64 },
}

impl Tally {
    /// Adds a request that was answered well.
    pub fn add(&mut self, did: Did, reply: &Reply) {
        self.requests += 1;
        let (query, write, tokens) = match did {
            Did::Create => (0, WRITE_LEAST, 0),
            Did::Upsert { records, tokens } => (0, (RECORD * records).max(WRITE_LEAST), tokens),
            Did::Query { tokens } => (QUERY, 0, tokens),
            Did::Read { records } => ((READ * records).max(READ_LEAST), 0, 0),
        };
        let egress = reply.body.len() as u64;
        for (meter, units) in
            [("query", query), ("write", write), ("embedding_tokens", tokens), ("egress_bytes", egress)]
        {
            *self.own.entry(meter).or_default() += units;
        }
        for meter in STATED {
            *self.receipts.entry(meter).or_default() += reply.units(meter);
        }
    }
}
