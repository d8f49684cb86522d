//! What one request takes of the rates that bind it.

use std::sync::Arc;

use agentdb_clock::Clock;
use agentdb_control_plane_contract::Meter;
use agentdb_problem::Problem;

use super::Rates;

/// What an admitted request has taken. Work that is done is charged what it cost; when the request ends without, what was
/// taken for it is given back.
#[derive(Debug)]
pub(crate) struct Charge {
    rates: Arc<Rates>,
    clock: Arc<dyn Clock>,
}

impl Charge {
    /// Of a request that the rates have admitted.
    pub(crate) fn new(rates: Arc<Rates>, clock: Arc<dyn Clock>) -> Self {
        Self { rates, clock }
    }

    pub(crate) fn rates(&self) -> &Arc<Rates> {
        &self.rates
    }

    /// Takes what the work is known to cost, before it is done.
    pub(crate) fn afford(&self, units: u64) -> Result<(), Problem> {
        self.rates.afford(units, self.clock.monotonic())
    }

    /// Charges work that is done.
    pub(crate) fn settle(&self, amounts: &[(Meter, u64)]) {
        let now = self.clock.monotonic();
        amounts.iter().for_each(|(meter, units)| self.rates.settle(*meter, *units, now));
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.rates.forgo(self.clock.monotonic());
    }
}
