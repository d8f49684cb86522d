//! When and from where keys were last used.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use agentdb_control_plane_contract::{
    ClientError, Grant, KeyKind, KeyUse, KeyUses,
    key_use::{GRANULARITY_S, MAX_KEY_USES},
};
use agentdb_ids::ApiKeyId;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::line::Line;

/// The newest minute in which a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    minute: i64,
    address: Option<IpAddr>,
    /// Whether the control plane has it.
    told: bool,
}

/// The uses of keys that the control plane is to be told, one a key and minute, so that no request causes a call. In
/// memory alone: what is not told yet is lost with the process. Bounded: what does not fit is not remembered.
#[derive(Debug)]
pub(crate) struct KeyUseLog {
    line: Arc<dyn Line>,
    capacity: usize,
    seen: Mutex<HashMap<ApiKeyId, Seen>>,
}

impl KeyUseLog {
    /// A log of at most `capacity` keys.
    pub(crate) fn new(line: Arc<dyn Line>, capacity: usize) -> Self {
        Self { line, capacity, seen: Mutex::default() }
    }

    /// A request by the key came from where it may be used. Of the requests of one minute the first is remembered.
    pub(crate) fn record(&self, grant: &Grant, address: Option<IpAddr>, now: DateTime<Utc>) {
        if grant.kind == KeyKind::Console {
            return;
        }
        let minute = now.timestamp().div_euclid(GRANULARITY_S);
        let mut seen = self.seen.lock();
        if let Some(last) = seen.get_mut(&grant.key_id) {
            if last.minute < minute {
                *last = Seen { minute, address, told: false };
            }
        } else if seen.len() < self.capacity {
            seen.insert(grant.key_id, Seen { minute, address, told: false });
        }
    }

    /// Tells the control plane what it has not been told. What it does not take is told again the next time.
    pub(crate) async fn report(&self, now: DateTime<Utc>) -> Result<(), ClientError> {
        let owed = self.owed();
        for part in owed.chunks(MAX_KEY_USES) {
            let uses = part.iter().filter_map(|(key_id, seen)| seen.told_of(*key_id)).collect();
            self.line.key_uses(&KeyUses { uses }).await?;
            self.mark_told(part);
        }
        let minute = now.timestamp().div_euclid(GRANULARITY_S);
        self.seen.lock().retain(|_, last| !last.told || last.minute >= minute);
        Ok(())
    }

    fn owed(&self) -> Vec<(ApiKeyId, Seen)> {
        let seen = self.seen.lock();
        seen.iter().filter(|(_, last)| !last.told).map(|(key_id, last)| (*key_id, *last)).collect()
    }

    /// A use that came meanwhile, of a later minute, stays owed.
    fn mark_told(&self, part: &[(ApiKeyId, Seen)]) {
        let mut seen = self.seen.lock();
        for (key_id, told) in part {
            if let Some(last) = seen.get_mut(key_id)
                && *last == *told
            {
                last.told = true;
            }
        }
    }
}

impl Seen {
    /// As the control plane is told.
    fn told_of(&self, key_id: ApiKeyId) -> Option<KeyUse> {
        let at = DateTime::from_timestamp(self.minute * GRANULARITY_S, 0)?;
        Some(KeyUse { key_id, at, address: self.address.map(|address| address.to_canonical()) })
    }
}

#[cfg(test)]
mod tests;
