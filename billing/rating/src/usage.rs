use std::collections::BTreeMap;

use agentdb_control_plane_contract::Meter;

/// What was used in a period, by meter or operation class, in the unit that it is counted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageTotals(BTreeMap<String, u64>);

impl UsageTotals {
    /// Adds to what a meter counts. `None`, and nothing changed, when the sum does not fit.
    #[must_use = "an overflow must not be lost"]
    pub fn add(&mut self, meter: Meter, quantity: u64) -> Option<()> {
        self.add_class(meter.as_str(), quantity)
    }

    /// Adds to what is counted of an operation class that the price book names.
    #[must_use = "an overflow must not be lost"]
    pub fn add_class(&mut self, class: &str, quantity: u64) -> Option<()> {
        let sum = self.get(class).checked_add(quantity)?;
        self.0.insert(class.to_owned(), sum);
        Some(())
    }

    /// What was used of a meter or operation class.
    #[must_use]
    pub fn get(&self, class: &str) -> u64 {
        self.0.get(class).copied().unwrap_or(0)
    }

    /// Every meter or operation class that was counted, by name.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
