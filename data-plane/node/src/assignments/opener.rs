//! Opening a namespace of the engine for an assignment.

use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_control_plane_contract::Assignment;
use agentdb_data_plane_engine::{Config, Environment, Namespace, OpenError, Store, Writer};
use agentdb_ids::Uuid;

use crate::lease::{Lease, LeaseOfEpoch};

/// What every namespace of the node is opened with.
#[derive(Debug)]
pub(crate) struct Opener {
    pub store: Store,
    pub config: Config,
    pub lease: Arc<Lease>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Opener {
    /// Recovers the namespace, which can be read back for `history`. Each handle writes under an id of its own, so that
    /// what an earlier handle still has in flight cannot be taken for this one's, and answers only in the lease's
    /// `epoch`, in which the opening began.
    pub(crate) async fn open(
        &self,
        assignment: &Assignment,
        epoch: u64,
        history: Duration,
    ) -> Result<Arc<Namespace>, OpenError> {
        let writer_id = Uuid::from_bytes(self.entropy.nonce());
        let writer = Writer { writer_id, generation: assignment.generation };
        let environment = Environment {
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            lease: Arc::new(LeaseOfEpoch::new(Arc::clone(&self.lease), epoch)),
        };
        let config = Config { history, ..self.config.clone() };
        Namespace::open(&self.store, &assignment.prefix, writer, config, environment).await
    }
}
