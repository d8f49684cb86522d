//! Whose an object is.

use std::{collections::HashMap, sync::Arc, time::Duration};

use agentdb_clock::Clock;
use agentdb_ids::{NamespaceId, OrgId};
use object_store::path::Path;
use parking_lot::RwLock;

use crate::assignments::Registry;

/// What is not found is not looked for again for so long: objects of nobody are asked for by the node itself.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Organisations by the namespaces that are placed on the node.
#[derive(Debug)]
pub(crate) struct Owners {
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    owners: HashMap<NamespaceId, OrgId>,
    /// Monotonic time of the last look at the registry.
    looked: Option<Duration>,
}

/// Who wants something, and what their share counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub org_id: OrgId,
    pub weight: u32,
}

impl Owners {
    pub(crate) fn new(registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, clock, known: RwLock::default() }
    }

    /// Whose namespace the object is of; `None` for what is of none that is placed here. A namespace's id is a part of its
    /// objects' paths.
    pub(crate) fn of(&self, path: &Path) -> Option<Owner> {
        let namespace: NamespaceId = path.parts().find_map(|part| part.as_ref().parse().ok())?;
        let known = self.known.read().owners.get(&namespace).copied();
        let org_id = known.or_else(|| self.look(namespace))?;
        let policy = self.registry.organisation(org_id).map(|organisation| organisation.policy());
        Some(Owner { org_id, weight: policy.map_or(1, |policy| policy.limits.fair_share) })
    }

    fn look(&self, namespace: NamespaceId) -> Option<OrgId> {
        let now = self.clock.monotonic();
        let mut known = self.known.write();
        if known.looked.is_some_and(|looked| now.saturating_sub(looked) < LOOK_AGAIN) {
            return known.owners.get(&namespace).copied();
        }
        let slots = self.registry.slots();
        known.looked = Some(now);
        known.owners = slots.iter().map(|slot| slot.assignment()).map(|a| (a.namespace_id, a.org_id)).collect();
        known.owners.get(&namespace).copied()
    }
}
