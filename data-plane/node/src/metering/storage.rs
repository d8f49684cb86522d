//! Storage over time: the logical bytes of each namespace, sampled once in each UTC hour.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
};

use agentdb_ids::{NamespaceId, OrgId};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::files;

/// Samples kept while billing does not answer.
const MAX_SAMPLES: usize = 200_000;

/// One namespace's bytes in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub org_id: OrgId,
    pub namespace_id: NamespaceId,
    pub hour: i64,
    pub bytes: u64,
}

/// What is on disk, so that an hour is sampled once however often the process restarts: a second, larger
/// sample would raise the bill and a smaller one would look like a counter that went back.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    sampled_hour: Option<i64>,
    pending: Vec<Sample>,
    sizes: HashMap<NamespaceId, u64>,
}

/// Samples not yet acknowledged, and the last known size of each namespace.
#[derive(Debug)]
pub(crate) struct StorageLedger {
    path: PathBuf,
    state: Mutex<Saved>,
}

impl StorageLedger {
    pub(crate) fn load(path: PathBuf) -> Self {
        let state = Mutex::new(files::read_json(&path).unwrap_or_default());
        Self { path, state }
    }

    /// Whether the hour is still to be sampled. The first hour of a new node is not: nothing was held in it
    /// when it began.
    pub(crate) fn is_due(&self, hour: i64) -> bool {
        let mut state = self.state.lock();
        let Some(last) = state.sampled_hour else {
            state.sampled_hour = Some(hour);
            if let Err(error) = self.save(&state) {
                tracing::warn!(%error, "the storage ledger was not saved");
            }
            return false;
        };
        hour > last
    }

    /// Keeps the hour's samples until they are acknowledged.
    pub(crate) fn sample(&self, hour: i64, samples: impl IntoIterator<Item = Sample>) -> io::Result<()> {
        let mut state = self.state.lock();
        state.sampled_hour = Some(hour);
        state.pending.extend(samples.into_iter().filter(|sample| sample.bytes > 0));
        if state.pending.len() > MAX_SAMPLES {
            let surplus = state.pending.len() - MAX_SAMPLES;
            tracing::error!(surplus, "billing is away for too long: the oldest storage samples are dropped");
            state.pending.drain(..surplus);
        }
        self.save(&state)
    }

    pub(crate) fn pending(&self) -> Vec<Sample> {
        self.state.lock().pending.clone()
    }

    pub(crate) fn acknowledge(&self, samples: &[Sample]) -> io::Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let settled: HashSet<_> = samples.iter().collect();
        let mut state = self.state.lock();
        state.pending.retain(|sample| !settled.contains(sample));
        self.save(&state)
    }

    /// The size the namespace had when it was last open here.
    pub(crate) fn size(&self, namespace: NamespaceId) -> Option<u64> {
        self.state.lock().sizes.get(&namespace).copied()
    }

    /// Saves the sizes when they differ from what is saved.
    pub(crate) fn save_sizes(&self, sizes: HashMap<NamespaceId, u64>) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.sizes == sizes {
            return Ok(());
        }
        state.sizes = sizes;
        self.save(&state)
    }

    fn save(&self, state: &Saved) -> io::Result<()> {
        files::replace_json(&self.path, state)
    }
}

#[cfg(test)]
mod tests {
    use agentdb_ids::Uuid;

    use super::*;

    #[test]
    fn an_hour_is_sampled_once_across_restarts_and_kept_until_acknowledged() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("storage.json");
        let ledger = StorageLedger::load(path.clone());
        assert!(!ledger.is_due(10), "the first hour");
        assert!(ledger.is_due(11));
        let sample = Sample {
            org_id: OrgId::from_uuid(Uuid::from_u128(1)),
            namespace_id: NamespaceId::from_uuid(Uuid::from_u128(2)),
            hour: 11,
            bytes: 5,
        };
        ledger.sample(11, [sample, Sample { bytes: 0, ..sample }]).expect("saved");
        let ledger = StorageLedger::load(path.clone());
        assert!(!ledger.is_due(11));
        assert_eq!(ledger.pending(), [sample]);
        ledger.acknowledge(&[sample]).expect("saved");
        assert!(StorageLedger::load(path).pending().is_empty());
    }
}
