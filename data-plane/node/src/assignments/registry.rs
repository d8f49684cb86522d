//! What the control plane has said, looked up by every request.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    path::PathBuf,
    sync::Arc,
};

use agentdb_clock::Clock;
use agentdb_control_plane_contract::{
    Assignment, AssignmentState, OrgPolicy, PolicyBatch, PolicyEvent, policy::digest,
};
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::Slot;
use crate::{
    admission::Organisation,
    files,
    metering::{DirtyMarks, StorageLedger},
};

/// What is kept on disk: enough to serve while the control plane is away.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    cursor: u64,
    /// Removals up to the cursor that were not done.
    #[serde(default)]
    owed_removals: BTreeSet<NamespaceId>,
    assignments: Vec<Assignment>,
    organisations: Vec<OrgPolicy>,
}

#[derive(Debug, Default)]
struct Inner {
    slots: HashMap<NamespaceId, Arc<Slot>>,
    names: HashMap<OrgId, HashMap<String, NamespaceId>>,
    /// Those that are kept without a name, since their organisation may want them back.
    retained: HashMap<OrgId, HashSet<NamespaceId>>,
    organisations: HashMap<OrgId, Arc<Organisation>>,
    /// Everything up to it is applied, but for `owed_removals`.
    cursor: u64,
    owed_removals: BTreeSet<NamespaceId>,
}

/// What a batch asks for beyond being remembered.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Keys that changed, with the version that now holds.
    pub keys: Vec<(ApiKeyId, u64)>,
    /// Whether a namespace came or changed.
    pub assignments: bool,
    /// Namespaces to let go of.
    pub release: Vec<Arc<Slot>>,
    /// Namespaces to remove with their data.
    pub erase: Vec<Arc<Slot>>,
}

/// The node's view of its namespaces and their organisations.
#[derive(Debug)]
pub(crate) struct Registry {
    path: PathBuf,
    inner: RwLock<Inner>,
    marks: DirtyMarks,
    storage: Arc<StorageLedger>,
    clock: Arc<dyn Clock>,
    placed: Notify,
}

impl Registry {
    /// The view that the last process saved at `path`.
    pub(crate) fn load(path: PathBuf, marks: DirtyMarks, storage: Arc<StorageLedger>, clock: Arc<dyn Clock>) -> Self {
        let saved: Saved = files::read_json(&path).unwrap_or_default();
        let registry = Self { path, inner: RwLock::default(), marks, storage, clock, placed: Notify::new() };
        let events = saved.organisations.into_iter().map(PolicyEvent::Organisation);
        let events = events.chain(saved.assignments.into_iter().map(PolicyEvent::Assignment)).collect();
        registry.apply(PolicyBatch { cursor: saved.cursor, snapshot: false, events, digest: None });
        {
            let mut inner = registry.inner.write();
            (inner.cursor, inner.owed_removals) = (saved.cursor, saved.owed_removals);
        }
        registry
    }

    /// Keeps the view for the next process.
    pub(crate) fn save(&self) -> io::Result<()> {
        let saved = {
            let inner = self.inner.read();
            Saved {
                cursor: inner.cursor,
                owed_removals: inner.owed_removals.clone(),
                assignments: inner.slots.values().map(|slot| (*slot.assignment()).clone()).collect(),
                organisations: inner.organisations.values().map(|org| (*org.policy()).clone()).collect(),
            }
        };
        files::replace_json(&self.path, &saved)
    }

    /// Takes over a batch. Applying one twice, or one that overlaps the last, changes nothing.
    pub(crate) fn apply(&self, batch: PolicyBatch) -> Effects {
        let mut effects = Effects::default();
        let mut inner = self.inner.write();
        if batch.snapshot {
            inner.forget_all_but(&batch.events, &mut effects);
        }
        for event in batch.events {
            match event {
                PolicyEvent::Assignment(assignment) => self.assign(&mut inner, assignment, &mut effects),
                PolicyEvent::Organisation(policy) => self.set_policy(&mut inner, policy),
                PolicyEvent::KeyChanged { key_id, version } => effects.keys.push((key_id, version)),
            }
        }
        if effects.assignments {
            self.placed.notify_one();
        }
        effects
    }

    /// Waits until a namespace came or changed.
    pub(crate) async fn placed(&self) {
        self.placed.notified().await;
    }

    /// Everything up to `cursor` is applied, but for the removals that are still being done. Keeps that for the next
    /// process, and says with which cursor to poll: the one before, when removals are owed that could not be kept, since
    /// after a restart they would be taken for done.
    pub(crate) fn acknowledge(&self, cursor: u64) -> u64 {
        let before = {
            let mut inner = self.inner.write();
            let owed = inner.erasing().map(|slot| slot.id()).collect();
            (std::mem::replace(&mut inner.cursor, cursor), std::mem::replace(&mut inner.owed_removals, owed))
        };
        let Err(error) = self.save() else { return cursor };
        tracing::warn!(%error, "the policy was not saved; a restart will ask for all of it");
        let mut inner = self.inner.write();
        if !inner.owed_removals.is_empty() {
            (inner.cursor, inner.owed_removals) = before;
        }
        inner.cursor
    }

    /// Removals up to the cursor that are not done. One that has ended since it was noted is none, however the two met.
    pub(crate) fn owed_removals(&self) -> Vec<NamespaceId> {
        let inner = self.inner.read();
        inner.owed_removals.iter().filter(|id| inner.slots.contains_key(id)).copied().collect()
    }

    /// Namespaces that are to be removed.
    pub(crate) fn erasing(&self) -> Vec<Arc<Slot>> {
        self.inner.read().erasing().cloned().collect()
    }

    pub(crate) fn cursor(&self) -> u64 {
        self.inner.read().cursor
    }

    pub(crate) fn digest(&self) -> String {
        let inner = self.inner.read();
        let assignments: Vec<_> = inner.slots.values().map(|slot| slot.assignment()).collect();
        let policies: Vec<_> = inner.organisations.values().map(|org| org.policy()).collect();
        digest(assignments.iter().map(|a| &**a), policies.iter().map(|p| &**p))
    }

    /// The organisation's namespace of this name.
    pub(crate) fn resolve(&self, org_id: OrgId, name: &str) -> Option<Arc<Slot>> {
        let inner = self.inner.read();
        let id = inner.names.get(&org_id)?.get(name)?;
        inner.slots.get(id).cloned()
    }

    /// Whether the namespace of this generation is not to be served.
    pub(crate) fn lets_go(&self, id: NamespaceId, generation: u64) -> bool {
        self.inner.read().slots.get(&id).is_none_or(|slot| {
            let assignment = slot.assignment();
            assignment.generation != generation || assignment.state != AssignmentState::Serve
        })
    }

    pub(crate) fn organisation(&self, org_id: OrgId) -> Option<Arc<Organisation>> {
        self.inner.read().organisations.get(&org_id).cloned()
    }

    pub(crate) fn organisations(&self) -> Vec<Arc<Organisation>> {
        self.inner.read().organisations.values().cloned().collect()
    }

    pub(crate) fn slots(&self) -> Vec<Arc<Slot>> {
        self.inner.read().slots.values().cloned().collect()
    }

    /// Logical bytes of all namespaces of the organisation that are kept here, as far as known.
    pub(crate) fn stored_bytes(&self, org_id: OrgId) -> u64 {
        let inner = self.inner.read();
        inner.kept(org_id).filter_map(|slot| slot.known_bytes()).fold(0, u64::saturating_add)
    }

    /// Forgets a namespace that is gone, and its organisation with the last one.
    pub(crate) fn remove(&self, id: NamespaceId) {
        let mut inner = self.inner.write();
        inner.unlist(id);
        if let Some(slot) = inner.slots.remove(&id) {
            inner.leave(slot.assignment().org_id);
        }
        inner.owed_removals.remove(&id);
        self.marks.remove(id);
    }

    fn assign(&self, inner: &mut Inner, assignment: Assignment, effects: &mut Effects) {
        effects.assignments = true;
        let (id, state) = (assignment.namespace_id, assignment.state);
        inner.unlist(id);
        if state.has_name() {
            inner.names.entry(assignment.org_id).or_default().insert(assignment.name.clone(), id);
        } else if state.keeps_data() {
            inner.retained.entry(assignment.org_id).or_default().insert(id);
        }
        let slot = inner
            .slots
            .entry(id)
            .or_insert_with(|| Arc::new(Slot::new(assignment.clone(), self.marks.of(id), self.storage.size(id))));
        if let Some(organisation) = inner.organisations.get(&assignment.org_id) {
            slot.set_history(organisation.policy().limits.history_days);
        }
        slot.assign(assignment);
        match state {
            AssignmentState::Serve => {}
            AssignmentState::Drain => effects.release.push(Arc::clone(slot)),
            // There may be very many of them, said again with each snapshot: only what is in use is let go of.
            AssignmentState::Suspend(_) | AssignmentState::Retain if slot.is_closed() => {}
            AssignmentState::Suspend(_) | AssignmentState::Retain => effects.release.push(Arc::clone(slot)),
            AssignmentState::Delete => effects.erase.push(Arc::clone(slot)),
        }
    }

    fn set_policy(&self, inner: &mut Inner, policy: OrgPolicy) {
        inner.kept(policy.org_id).for_each(|slot| slot.set_history(policy.limits.history_days));
        match inner.organisations.get(&policy.org_id) {
            Some(organisation) => organisation.set_policy(policy),
            None => {
                let organisation = Organisation::new(policy.clone(), Arc::clone(&self.clock));
                inner.organisations.insert(policy.org_id, Arc::new(organisation));
            }
        }
    }
}

impl Inner {
    fn erasing(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.slots.values().filter(|slot| slot.assignment().state == AssignmentState::Delete)
    }

    /// The namespaces of an organisation whose data are kept.
    fn kept(&self, org_id: OrgId) -> impl Iterator<Item = &Arc<Slot>> {
        let named = self.names.get(&org_id).into_iter().flat_map(HashMap::values);
        let retained = self.retained.get(&org_id).into_iter().flatten();
        named.chain(retained).filter_map(|id| self.slots.get(id))
    }

    /// Takes a namespace out of those that are found by their organisation.
    fn unlist(&mut self, id: NamespaceId) {
        let Some(slot) = self.slots.get(&id) else { return };
        let assignment = slot.assignment();
        if let Some(retained) = self.retained.get_mut(&assignment.org_id) {
            retained.remove(&id);
            if retained.is_empty() {
                self.retained.remove(&assignment.org_id);
            }
        }
        let Some(names) = self.names.get_mut(&assignment.org_id) else { return };
        // Another namespace may have the name of a deleted one.
        if names.get(&assignment.name) == Some(&id) {
            names.remove(&assignment.name);
        }
    }

    /// Forgets an organisation that has nothing here any more.
    fn leave(&mut self, org_id: OrgId) {
        if !self.slots.values().any(|slot| slot.assignment().org_id == org_id) {
            self.organisations.remove(&org_id);
            self.names.remove(&org_id);
            self.retained.remove(&org_id);
        }
    }

    fn forget_all_but(&mut self, events: &[PolicyEvent], effects: &mut Effects) {
        let (mut namespaces, mut organisations) = (HashSet::new(), HashSet::new());
        for event in events {
            match event {
                PolicyEvent::Assignment(assignment) => {
                    namespaces.insert(assignment.namespace_id);
                }
                PolicyEvent::Organisation(policy) => {
                    organisations.insert(policy.org_id);
                }
                PolicyEvent::KeyChanged { .. } => {}
            }
        }
        let gone: Vec<_> = self.slots.keys().filter(|id| !namespaces.contains(id)).copied().collect();
        for id in gone {
            self.unlist(id);
            self.owed_removals.remove(&id);
            // Not ours any more: let go of it, and leave its data alone.
            effects.release.extend(self.slots.remove(&id));
        }
        self.organisations.retain(|id, _| organisations.contains(id));
    }
}

#[cfg(test)]
mod tests;
