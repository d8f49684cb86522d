//! The newest entries of a log, sealed as they are in the store, for those who follow it.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::namespace::Commit;

/// Bytes of sealed entries that are kept. A follower who is farther behind reads from the store.
const MAX_BYTES: usize = 4 << 20;

/// Entries in the order of their commits, kept only while somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    followers: usize,
    entries: VecDeque<(Commit, Bytes)>,
    bytes: usize,
}

impl Recent {
    /// Remembers an entry that is durable.
    pub(super) fn push(&self, commit: Commit, sealed: Bytes) {
        let mut recent = self.0.lock();
        if recent.followers == 0 || sealed.len() > MAX_BYTES {
            return;
        }
        recent.bytes += sealed.len();
        recent.entries.push_back((commit, sealed));
        while recent.bytes > MAX_BYTES {
            let Some((_, old)) = recent.entries.pop_front() else { break };
            recent.bytes -= old.len();
        }
    }

    pub(super) fn get(&self, commit: Commit) -> Option<Bytes> {
        let recent = self.0.lock();
        let at = recent.entries.binary_search_by_key(&commit, |(commit, _)| *commit).ok()?;
        recent.entries.get(at).map(|(_, sealed)| sealed.clone())
    }

    /// Lets all go.
    pub(super) fn forget(&self) {
        let mut recent = self.0.lock();
        recent.entries.clear();
        recent.bytes = 0;
    }

    pub(super) fn follow(&self) {
        self.0.lock().followers += 1;
    }

    pub(super) fn leave(&self) {
        let mut recent = self.0.lock();
        recent.followers = recent.followers.saturating_sub(1);
        if recent.followers == 0 {
            recent.entries = VecDeque::new();
            recent.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_kept_and_only_while_somebody_follows() {
        let recent = Recent::default();
        let entry = || Bytes::from(vec![0; MAX_BYTES / 4]);
        recent.push(1, entry());
        assert!(recent.get(1).is_none(), "nobody follows");
        recent.follow();
        (2..=6).for_each(|commit| recent.push(commit, entry()));
        assert!(recent.get(2).is_none(), "no room");
        assert!((3..=6).all(|commit| recent.get(commit).is_some()));
        recent.push(7, Bytes::from(vec![0; MAX_BYTES + 1]));
        assert!(recent.get(7).is_none() && recent.get(6).is_some());
        recent.leave();
        assert!(recent.get(6).is_none());
    }
}
