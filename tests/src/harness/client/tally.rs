//! What a caller was told it has used, added up from receipts.

use std::collections::BTreeMap;

use super::{Reply, Usage};

/// The meters whose units a receipt states in full. Bytes of a reply cannot be known inside it.
const METERS: [&str; 3] = ["query", "write", "embedding_tokens"];

/// Sums of receipts by meter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    units: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds the receipt of a reply, and hands the reply on.
    pub fn add(&mut self, reply: Reply) -> Reply {
        for meter in METERS {
            let units = reply.units(meter);
            if units > 0 {
                *self.units.entry(meter.to_owned()).or_default() += units;
            }
        }
        reply
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        for (meter, units) in &other.units {
            *self.units.entry(meter.clone()).or_default() += units;
        }
    }

    /// The sum of a meter.
    pub fn of(&self, meter: &str) -> u64 {
        self.units.get(meter).copied().unwrap_or(0)
    }

    /// Whether a usage report says the same, for every meter that receipts state.
    pub fn equals(&self, usage: &Usage) -> bool {
        METERS.iter().all(|meter| self.of(meter) == usage.of(meter))
    }
}
