//! What every part is given: time, chance, and the public face of the process.

use std::sync::Arc;

use agentdb_clock::{Clock, Entropy, SystemClock, SystemEntropy};
use agentdb_problem::RequestIds;

/// The real time and chance.
#[derive(Clone)]
pub struct Environment {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Environment {
    /// Of this machine.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock::default()), entropy: Arc::new(SystemEntropy) }
    }

    /// Makes the ids of requests.
    pub fn request_ids(&self) -> RequestIds {
        RequestIds::new(self.clock.clone(), self.entropy.clone())
    }
}
