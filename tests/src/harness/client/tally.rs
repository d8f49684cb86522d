//! What a caller has used: added up from receipts, and the bytes of the replies that carried them.

use std::collections::BTreeMap;

use super::{Reply, Usage};

/// The meters whose units a receipt states.
const STATED: [&str; 3] = ["query", "write", "embedding_tokens"];
/// Bytes of a reply, which cannot be stated inside it.
const EGRESS: &str = "egress_bytes";

/// Sums by meter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    units: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds the receipt and the bytes of a reply, and hands the reply on. A reply that was given before costs nothing.
    pub fn add(&mut self, reply: Reply) -> Reply {
        if reply.json["receipt"].is_object() && reply.header("idempotency-replayed").is_none() {
            self.count(EGRESS, reply.body.len() as u64);
        }
        for meter in STATED {
            self.count(meter, reply.units(meter));
        }
        reply
    }

    fn count(&mut self, meter: &str, units: u64) {
        if units > 0 {
            *self.units.entry(meter.to_owned()).or_default() += units;
        }
    }

    /// The sum of a meter.
    pub fn of(&self, meter: &str) -> u64 {
        self.units.get(meter).copied().unwrap_or(0)
    }

    /// Whether a usage report says the same, for every meter that requests are counted on.
    pub fn equals(&self, usage: &Usage) -> bool {
        STATED.iter().chain([&EGRESS]).all(|meter| self.of(meter) == usage.of(meter))
    }
}
