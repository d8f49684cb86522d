//! Marks on disk of namespaces whose log may hold usage that billing has not got, so that after a crash
//! they are opened and reported without waiting for somebody to use them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use agentdb_data_plane_engine::Commit;
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
    /// A write ended without its outcome being known: it may still come into the log.
    in_doubt: bool,
    begun: u64,
    in_flight: u32,
    settled: u64,
    /// The last commit whose usage billing has.
    settled_commit: Commit,
}

/// The mark of one namespace.
#[derive(Debug)]
pub(crate) struct WriteMark {
    path: PathBuf,
    state: Mutex<State>,
}

/// A write that may add usage. Dropped without a word, its outcome is unknown: it may still be done.
#[derive(Debug)]
pub(crate) struct WriteInFlight {
    mark: Arc<WriteMark>,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Unknown,
    Done,
    Refused,
}

/// What a report covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Covered {
    begun: u64,
    quiet: bool,
    commit: Option<Commit>,
}

impl DirtyMarks {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
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
        Ok(WriteInFlight { mark: Arc::clone(self), outcome: Outcome::Unknown })
    }

    /// Says that the namespace was opened: whatever its log holds is to be reported once, and is known now.
    pub(crate) fn opened(&self) {
        let mut state = self.state.lock();
        state.begun += 1;
        state.in_doubt = false;
    }

    /// Whether usage was left behind, by an earlier process or a write of unknown outcome, that can be reported once
    /// the namespace is opened anew.
    pub(crate) fn is_left_behind(&self) -> bool {
        let state = self.state.lock();
        state.present && state.begun == state.settled
    }

    /// Whether a write may still come into the log of which this handle knows nothing.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.state.lock().in_doubt
    }

    /// What a report made now covers; `None` when there is nothing new to report. `commit` is the last one of the open
    /// namespace, read before its usage is: one that was not settled is news, whoever began it.
    pub(crate) fn unsettled(&self, commit: Option<Commit>) -> Option<Covered> {
        let state = self.state.lock();
        let news = state.begun != state.settled || commit.is_some_and(|commit| commit > state.settled_commit);
        news.then_some(Covered { begun: state.begun, quiet: state.in_flight == 0, commit })
    }

    /// Gives up what the log may still hold, since nobody can read it.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.settled = state.begun;
        state.in_doubt = false;
        if std::mem::take(&mut state.present) {
            remove(&self.path);
        }
    }

    /// Billing has everything the report covered; `commit` is the last one by now. The mark goes when nothing was
    /// written since, nor may still be.
    pub(crate) fn settle(&self, covered: Covered, commit: Option<Commit>) {
        let mut state = self.state.lock();
        let still = covered.quiet && state.begun == covered.begun && state.in_flight == 0;
        let (Some(settled), true) = (covered.commit, still && commit == covered.commit) else { return };
        state.settled = state.begun;
        state.settled_commit = settled;
        if state.present && !state.in_doubt {
            remove(&self.path);
            state.present = false;
        }
    }
}

impl WriteInFlight {
    /// The write is in the log, and so is everything that was in doubt before it.
    pub(crate) fn done(mut self) {
        self.outcome = Outcome::Done;
    }

    /// The write was refused: it is not in the log and never will be.
    pub(crate) fn refused(mut self) {
        self.outcome = Outcome::Refused;
    }
}

impl Drop for WriteInFlight {
    fn drop(&mut self) {
        let mut state = self.mark.state.lock();
        state.in_flight -= 1;
        match self.outcome {
            Outcome::Unknown => state.in_doubt = true,
            Outcome::Done => state.in_doubt = false,
            Outcome::Refused => {}
        }
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

    struct Bench {
        _dir: tempfile::TempDir,
        mark: Arc<WriteMark>,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            let mark = DirtyMarks::new(dir.path()).of(NamespaceId::from_uuid(Uuid::from_u128(1)));
            Self { _dir: dir, mark }
        }

        fn on_disk(&self) -> bool {
            self.mark.path.exists()
        }
    }

    #[test]
    fn a_mark_is_there_from_before_the_write_until_its_usage_is_settled() {
        let bench = Bench::new();
        let mark = &bench.mark;
        assert!(mark.unsettled(Some(0)).is_none());
        let write = mark.begin().expect("marked");
        assert!(bench.on_disk());
        let during = mark.unsettled(Some(0)).expect("under way");
        write.done();
        mark.settle(during, Some(1));
        assert!(bench.on_disk(), "the write was not over when it was reported");
        let after = mark.unsettled(Some(1)).expect("not settled");
        let write = mark.begin().expect("marked");
        mark.settle(after, Some(1));
        assert!(bench.on_disk(), "another one began meanwhile");
        write.refused();
        mark.settle(mark.unsettled(Some(1)).expect("not settled"), Some(1));
        assert!(!bench.on_disk());
        assert!(mark.unsettled(Some(1)).is_none());
        mark.opened();
        assert!(mark.unsettled(Some(1)).is_some(), "an opened namespace is reported once");
    }

    #[test]
    fn a_write_of_unknown_outcome_is_reported_when_it_comes_after_all() {
        let bench = Bench::new();
        let mark = &bench.mark;
        drop(mark.begin().expect("marked"));
        mark.settle(mark.unsettled(Some(7)).expect("not settled"), Some(7));
        assert!(mark.unsettled(Some(7)).is_none(), "there is nothing more to report");
        assert!(bench.on_disk() && mark.is_in_doubt(), "a crash now would lose what may still come");
        let late = mark.unsettled(Some(8)).expect("it came");
        mark.settle(late, Some(9));
        assert!(mark.unsettled(Some(9)).is_some(), "what came after the usage was read is not settled");
        mark.begin().expect("marked").done();
        mark.settle(mark.unsettled(Some(10)).expect("not settled"), Some(10));
        assert!(!bench.on_disk(), "a write that is done settles what was in doubt before it");
    }

    #[test]
    fn opening_anew_ends_a_doubt() {
        let bench = Bench::new();
        let mark = &bench.mark;
        drop(mark.begin().expect("marked"));
        mark.settle(mark.unsettled(Some(7)).expect("not settled"), Some(7));
        assert!(mark.is_left_behind());
        mark.opened();
        assert!(!mark.is_left_behind() && !mark.is_in_doubt());
        mark.settle(mark.unsettled(Some(7)).expect("to be reported"), Some(7));
        assert!(!bench.on_disk());
    }
}
