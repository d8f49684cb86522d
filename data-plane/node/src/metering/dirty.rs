//! Marks on disk of namespaces whose log may hold usage that billing has not got, so that after a crash
//! they are opened and reported without waiting for somebody to use them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use agentdb_ids::NamespaceId;
use parking_lot::Mutex;

/// The folder of marks: one empty file a namespace.
#[derive(Debug, Clone)]
pub(crate) struct DirtyMarks {
    folder: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    present: bool,
    begun: u64,
    in_flight: u32,
    settled: u64,
}

/// The mark of one namespace.
#[derive(Debug)]
pub(crate) struct WriteMark {
    path: PathBuf,
    state: Mutex<State>,
}

/// A write that may add usage; ends when dropped.
#[derive(Debug)]
pub(crate) struct WriteInFlight(Arc<WriteMark>);

/// What a report covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Covered {
    begun: u64,
    quiet: bool,
}

impl DirtyMarks {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Namespaces that were marked when the last process ended.
    pub(crate) fn found(&self) -> io::Result<Vec<NamespaceId>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            if let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// The mark of a namespace, as the last process left it.
    pub(crate) fn of(&self, namespace: NamespaceId) -> Arc<WriteMark> {
        let path = self.folder.join(namespace.to_string());
        let present = path.exists();
        Arc::new(WriteMark { path, state: Mutex::new(State { present, ..State::default() }) })
    }

    /// Forgets a namespace that is not this node's any more.
    pub(crate) fn remove(&self, namespace: NamespaceId) {
        remove(&self.folder.join(namespace.to_string()));
    }
}

impl WriteMark {
    /// Begins a write; the mark is on disk when this returns. It survives the death of the process; should
    /// the machine die, the usage is reported when the namespace is next opened.
    pub(crate) fn begin(self: &Arc<Self>) -> io::Result<WriteInFlight> {
        let mut state = self.state.lock();
        if !state.present {
            fs::File::create(&self.path)?;
            state.present = true;
        }
        state.begun += 1;
        state.in_flight += 1;
        Ok(WriteInFlight(Arc::clone(self)))
    }

    /// Says that the namespace was opened: whatever its log holds is to be reported once.
    pub(crate) fn opened(&self) {
        self.state.lock().begun += 1;
    }

    /// Whether an earlier process left usage behind that can be reported once the namespace is open.
    pub(crate) fn is_left_behind(&self) -> bool {
        let state = self.state.lock();
        state.present && state.begun == state.settled
    }

    /// What a report made now covers; `None` when there is nothing new to report.
    pub(crate) fn unsettled(&self) -> Option<Covered> {
        let state = self.state.lock();
        (state.begun != state.settled).then_some(Covered { begun: state.begun, quiet: state.in_flight == 0 })
    }

    /// Billing has everything the report covered. The mark goes when nothing was written since.
    pub(crate) fn settle(&self, covered: Covered) {
        let mut state = self.state.lock();
        if covered.quiet && state.begun == covered.begun && state.in_flight == 0 {
            state.settled = state.begun;
            if state.present {
                remove(&self.path);
                state.present = false;
            }
        }
    }
}

impl Drop for WriteInFlight {
    fn drop(&mut self) {
        self.0.state.lock().in_flight -= 1;
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "a usage mark was not removed"),
    }
}

#[cfg(test)]
mod tests {
    use agentdb_ids::Uuid;

    use super::*;

    #[test]
    fn a_mark_is_there_from_before_the_write_until_its_usage_is_settled() {
        let dir = tempfile::tempdir().expect("a directory");
        let marks = DirtyMarks::new(dir.path());
        let namespace = NamespaceId::from_uuid(Uuid::from_u128(1));
        let mark = marks.of(namespace);
        assert!(mark.unsettled().is_none());
        let write = mark.begin().expect("marked");
        assert_eq!(marks.found().expect("readable"), [namespace]);
        let during = mark.unsettled().expect("under way");
        drop(write);
        mark.settle(during);
        assert_eq!(marks.found().expect("readable"), [namespace], "the write was not over when it was reported");
        let after = mark.unsettled().expect("not settled");
        let write = mark.begin().expect("marked");
        mark.settle(after);
        assert_eq!(marks.found().expect("readable"), [namespace], "another one began meanwhile");
        drop(write);
        mark.settle(mark.unsettled().expect("not settled"));
        assert!(marks.found().expect("readable").is_empty());
        assert!(mark.unsettled().is_none());
        mark.opened();
        assert!(mark.unsettled().is_some(), "an opened namespace is reported once");
    }
}
