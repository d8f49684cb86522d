//! The cache on disk, so that a restart works while the control plane is away.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use agentdb_control_plane_contract::Grant;
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::cache::{Entry, Inner};
use crate::files;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Saved {
    grants: Vec<Confirmed>,
    changes: Vec<(ApiKeyId, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Confirmed {
    grant: Grant,
    /// When the control plane said so, by the wall clock: the only one that outlives a process.
    at: DateTime<Utc>,
}

pub(super) fn of(inner: &Inner, wall: DateTime<Utc>, monotonic_ms: i64) -> Saved {
    let grants = inner.entries.values().filter_map(|entry| match entry {
        Entry::Known { grant, confirmed, .. } => {
            let age = TimeDelta::try_milliseconds(monotonic_ms - confirmed)?;
            Some(Confirmed { grant: (**grant).clone(), at: wall - age })
        }
        Entry::Absent { .. } => None,
    });
    Saved { grants: grants.collect(), changes: inner.changes.iter().map(|(id, (v, _))| (*id, *v)).collect() }
}

impl Saved {
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        files::replace_json(path, self)
    }
}

pub(super) fn load(path: &Path, wall: DateTime<Utc>, monotonic_ms: i64) -> Inner {
    let saved: Saved = files::read_json(path).unwrap_or_default();
    let changes: HashMap<_, _> = saved.changes.into_iter().map(|(id, v)| (id, (v, monotonic_ms))).collect();
    let known = saved.grants.into_iter().filter_map(|confirmed| {
        let age = (wall - confirmed.at).num_milliseconds();
        // A clock that went back would make the grant younger than it is.
        let grant = confirmed.grant;
        let entry = Entry::Known {
            grant: Arc::new(grant.clone()),
            confirmed: monotonic_ms - age,
            quiet_until: 0,
            wrong_until: 0,
        };
        (age >= 0).then_some((grant.key_id, entry))
    });
    Inner { entries: known.collect(), changes }
}
