//! What is between the processes and the store: requests that arrive long after the sender gave them up, and
//! files that a machine has not brought to its disk.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{Attribute, ObjectStore, ObjectStoreExt, PutOptions};
use parking_lot::Mutex;

/// Written by whoever does not wait for the disk.
const UNSYNCED: Attribute = Attribute::Metadata(std::borrow::Cow::Borrowed("unsynced"));

/// The wire of one world, shared by its processes.
#[derive(Default)]
pub struct Wire(Mutex<State>);

#[derive(Default)]
struct State {
    calls: u64,
    late: Vec<(u64, BoxFuture<'static, ()>)>,
    unsynced: BTreeSet<Path>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// `request` arrives after so many calls of anybody.
    pub fn later(&self, calls: u64, request: BoxFuture<'static, ()>) {
        let mut state = self.0.lock();
        let due = state.calls + calls;
        state.late.push((due, request));
    }

    /// One more call goes over the wire; what is due arrives before it.
    pub async fn call(&self) {
        let due = {
            let mut state = self.0.lock();
            state.calls += 1;
            let now = state.calls;
            take(&mut state.late, |at| at <= now)
        };
        for request in due {
            request.await;
        }
    }

    /// Everything that is on its way arrives.
    pub async fn arrive(&self) {
        let all = take(&mut self.0.lock().late, |_| true);
        for request in all {
            request.await;
        }
    }

    /// Notes what was written, and whether the writer waited for the disk.
    pub fn wrote(&self, location: &Path, options: &PutOptions) {
        if options.attributes.get(&UNSYNCED).is_some() {
            self.0.lock().unsynced.insert(location.clone());
        }
    }

    /// The machine loses its power: what was not brought to the disk is gone.
    pub async fn power_off(&self, disk: &dyn ObjectStore) {
        let lost = std::mem::take(&mut self.0.lock().unsynced);
        for path in lost {
            let _ = disk.delete(&path).await;
        }
    }
}

fn take(late: &mut Vec<(u64, BoxFuture<'static, ()>)>, due: impl Fn(u64) -> bool) -> Vec<BoxFuture<'static, ()>> {
    let (now, later) = std::mem::take(late).into_iter().partition(|(at, _)| due(*at));
    *late = later;
    let now: Vec<(u64, BoxFuture<'static, ()>)> = now;
    now.into_iter().map(|(_, request)| request).collect()
}
