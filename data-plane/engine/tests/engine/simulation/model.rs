//! What may be seen: every write that was sent, in the order of its one sender, and what that was told.
//!
//! A row belongs to one client, who sends a write only when the outcome of the one before is known. A rewind writes
//! every row; beside it others send only writes that make the same of a row whatever it was. So what a write makes of
//! each row is known when it is sent, and the commits tell the order. A read says which commit it has seen. It must
//! show, of every row, the version with the last commit up to that one, or a version that may be behind it and whose
//! outcome nobody knows; a rewind whose outcome nobody knows must have one place in the log for all rows of the read.
//! And its commit must not be behind what was acknowledged when it began.

mod judge;

use std::collections::BTreeMap;

use agentdb_data_plane_engine::{Branch, Commit, Committed};

/// What went wrong, in words.
pub type Violation = String;

/// A row, or the collection itself under the empty id.
pub type Place = (String, String);

/// The rows of a collection by id.
pub type Rows = BTreeMap<String, Row>;

/// What a record holds beside its id. No two writes make the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row {
    /// In the vector and in the metadata.
    pub value: u64,
    /// The value that the last write of the whole record gave.
    pub base: u64,
    /// Set and removed by patches.
    pub mark: Option<u64>,
}

/// A change of parts of a record.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// Only the mark.
    Mark(u64),
    /// The value; the mark goes.
    Value(u64),
}

impl Edit {
    fn of(self, row: Row) -> Row {
        match self {
            Self::Mark(mark) => Row { mark: Some(mark), ..row },
            Self::Value(value) => Row { value, mark: None, ..row },
        }
    }
}

/// The records of a client with values up to `most`, the first `limit` of them by id.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub most: u64,
    pub limit: usize,
}

/// A change that a client wants.
#[derive(Debug, Clone)]
pub enum Change {
    Create,
    Drop,
    Upsert(Vec<(String, u64)>),
    /// The same in another collection, too.
    UpsertBoth(Vec<(String, u64)>, String),
    Delete(Vec<String>),
    /// Ids that have no record are left out.
    Patch(Vec<String>, Edit),
    PatchWhere(Filter, Edit),
    DeleteWhere(Filter),
    /// Of an older commit, or of its own.
    Snapshot(String, Option<Commit>),
    DropSnapshot(String),
    /// Of an older commit, or of the newest.
    Branch(String, Option<Commit>),
    DropBranch(String),
    Rewind(Target),
    /// Also from all that was before.
    Erase(Vec<String>),
}

impl Change {
    /// The older commit that it names.
    pub fn past(&self) -> Option<Commit> {
        match self {
            Self::Snapshot(_, of) | Self::Branch(_, of) => *of,
            Self::Rewind(target) => Some(target.commit()),
            _ => None,
        }
    }

    /// Whether it is refused when a commit is not kept any more, or the past has no room in memory.
    pub fn asks_for_the_past(&self) -> bool {
        self.past().is_some() || matches!(self, Self::Branch(..))
    }

    /// The collection that it writes to beside its own.
    pub fn other(&self) -> Option<&str> {
        if let Self::UpsertBoth(_, other) = self { Some(other) } else { None }
    }

    fn is_rewind(&self) -> bool {
        matches!(self, Self::Rewind(_))
    }
}

/// What is gone back to.
#[derive(Debug, Clone)]
pub enum Target {
    Commit(Commit),
    Snapshot(String, Commit),
}

impl Target {
    pub fn commit(&self) -> Commit {
        match self {
            Self::Commit(commit) | Self::Snapshot(_, commit) => *commit,
        }
    }
}

/// What must be true of every row that a write names.
#[derive(Debug, Clone)]
pub enum Condition {
    Absent,
    Present,
    Commit(Commit),
    /// Its value is at most this.
    AtMost(u64),
}

/// What a write says of what it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records, or the collection, that it removes.
    deleted: u64,
    patched: u64,
    missing: u64,
    more: bool,
    created: bool,
}

/// The first row for which a condition does not hold, and the commit that wrote it.
pub type Unmet = (String, Option<Commit>);

/// One write.
#[derive(Debug, Clone)]
pub struct Op {
    pub client: usize,
    /// Its idempotency key.
    pub key: [u8; 32],
    pub collection: String,
    pub change: Change,
    pub condition: Option<Condition>,
    /// Why it must be refused.
    pub unmet: Option<Unmet>,
    counts: Counts,
    /// The newest commit that was acknowledged when it was sent first.
    sent_after: Commit,
    /// Tries whose outcome nobody knows.
    open: u32,
    acknowledged: Option<Commit>,
}

impl Op {
    /// Whether it may have been done, and nobody was told.
    fn is_in_doubt(&self) -> bool {
        self.acknowledged.is_none() && self.open > 0
    }
}

/// What is known when a try begins.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    /// Its outcome alone decides whether the write was done.
    first: bool,
    /// The commit of the last erase that who answers must know of.
    erased: Commit,
}

impl Try {
    /// Whoever answers it may have lost its place before that.
    pub fn by_old_owner(self) -> Self {
        Self { erased: 0, ..self }
    }
}

/// The rewind in doubt, and the commit that it is taken to have; `None` when it is taken not to be done.
type Guess = Option<(usize, Commit)>;

#[derive(Debug, Clone, Copy)]
struct Version {
    op: usize,
    /// `None` when it is not there.
    row: Option<Row>,
    /// The write that the row is of; not a rewind.
    by: usize,
}

#[derive(Debug, Default)]
pub struct Model {
    ops: Vec<Op>,
    /// Those before are of the namespace that this one is a branch of.
    begun: usize,
    rows: BTreeMap<Place, Vec<Version>>,
    /// The commit it begins with.
    first: Commit,
    newest: Commit,
    /// The first commit that may be gone back to.
    oldest: Commit,
    /// That of the last erase.
    erased: Commit,
    /// The last one that was sent.
    rewind: Option<usize>,
    /// Acknowledged deletes, and how many rows they say they deleted, not judged yet.
    deletes: Vec<(usize, u64)>,
    snapshots: BTreeMap<String, Commit>,
    branches: BTreeMap<String, Commit>,
}

impl Model {
    /// A row that may be written.
    pub fn know(&mut self, place: Place) {
        self.rows.insert(place, Vec::new());
    }

    /// A collection that was there before the first client.
    pub fn begin(&mut self, collection: &str, commit: Commit) {
        let op = self.sent(usize::MAX, [0; 32], collection, Change::Create, None);
        self.ops[op].acknowledged = Some(commit);
        (self.first, self.newest, self.oldest) = (commit, commit, commit);
    }

    /// What a branch of `commit` begins with. No write may be in doubt.
    pub fn branch(&self, commit: Commit) -> Self {
        let (ops, mut rows) = (self.ops.clone(), self.rows.clone());
        for versions in rows.values_mut() {
            versions.retain(|version| ops[version.op].acknowledged.is_some_and(|at| at <= commit));
        }
        Self { begun: ops.len(), ops, rows, first: commit, newest: commit, oldest: commit, ..Self::default() }
    }

    /// The commit it begins with.
    pub fn first(&self) -> Commit {
        self.first
    }

    /// The newest commit that somebody was told of.
    pub fn newest(&self) -> Commit {
        self.newest
    }

    /// The first commit that may be gone back to.
    pub fn oldest(&self) -> Commit {
        self.oldest
    }

    /// The commit of the last erase: nothing before it may be shown any more.
    pub fn erased(&self) -> Commit {
        self.erased
    }

    /// Up to this commit it is known what was written.
    pub fn known_to(&self) -> Commit {
        let in_doubt = self.ops.iter().filter(|op| op.is_in_doubt());
        in_doubt.map(|op| op.sent_after).min().unwrap_or(self.newest)
    }

    /// The snapshots that were acknowledged and not deleted, with their commits.
    pub fn snapshots(&self) -> &BTreeMap<String, Commit> {
        &self.snapshots
    }

    /// Whether a snapshot keeps a commit, whatever becomes of the writes in doubt.
    pub fn keeps(&self, commit: Commit) -> bool {
        let may_go = |name: &str| {
            self.ops.iter().filter(|op| op.is_in_doubt()).any(|op| match &op.change {
                Change::DropSnapshot(dropped) => dropped == name,
                Change::Erase(_) => true,
                _ => false,
            })
        };
        self.snapshots.iter().any(|(name, kept)| *kept == commit && !may_go(name))
    }

    /// Whether a rewind or an erase is under way, or in doubt.
    pub fn is_under_way(&self) -> bool {
        let long = |op: &Op| matches!(op.change, Change::Rewind(_) | Change::Erase(_));
        self.ops.iter().any(|op| op.is_in_doubt() && long(op))
    }

    /// The branches that were acknowledged and not deleted, with the commits they begin with.
    pub fn branches(&self) -> &BTreeMap<String, Commit> {
        &self.branches
    }

    pub fn branch_deleted(&mut self, name: &str) {
        self.branches.remove(name);
    }

    pub fn op(&self, op: usize) -> &Op {
        &self.ops[op]
    }

    /// What every acknowledged write changed.
    pub fn acknowledged(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter().filter(|op| op.acknowledged.is_some())
    }

    /// Writes beside rewinds: those that were taken back, and those behind one that were sent before anybody was told
    /// of it.
    pub fn beside_rewinds(&self) -> (u64, u64) {
        let (mut before, mut after) = (0, 0);
        for rewind in self.acknowledged().filter(|op| op.change.is_rewind()) {
            let (sent, done) = (Some(rewind.sent_after), rewind.acknowledged);
            for op in self.acknowledged().filter(|op| matches!(op.change, Change::Upsert(_) | Change::Delete(_))) {
                before += u64::from(sent < op.acknowledged && op.acknowledged < done);
                after += u64::from(Some(op.sent_after) < done && done < op.acknowledged);
            }
        }
        (before, after)
    }

    /// The version of a place that is the last one up to `commit`, and its commit.
    fn last(&self, place: &Place, commit: Commit, guess: Guess) -> Option<(Commit, Version)> {
        let guessed = |op: usize| guess.filter(|(rewind, _)| *rewind == op).map(|(_, at)| at);
        let versions = self.rows.get(place).into_iter().flatten();
        let done = versions.filter_map(|v| Some((self.ops[v.op].acknowledged.or_else(|| guessed(v.op))?, *v)));
        done.filter(|(at, _)| *at <= commit).max_by_key(|(at, _)| *at)
    }

    /// The version of a place that was acknowledged last, at most at `commit`.
    fn version_at(&self, place: &Place, commit: Commit) -> Option<Version> {
        self.last(place, commit, None).map(|(_, version)| version)
    }

    /// What was acknowledged last at a place.
    pub fn current(&self, place: &Place) -> Option<Row> {
        self.version_at(place, Commit::MAX).and_then(|version| version.row)
    }

    /// The commit that wrote the row that was acknowledged last at a place.
    pub fn commit_of(&self, place: &Place) -> Option<Commit> {
        let version = self.version_at(place, Commit::MAX).filter(|version| version.row.is_some())?;
        self.ops[version.by].acknowledged
    }

    /// Notes a write that is about to be sent for the first time.
    pub fn sent(
        &mut self,
        client: usize,
        key: [u8; 32],
        collection: &str,
        change: Change,
        condition: Option<Condition>,
    ) -> usize {
        let number = self.ops.len();
        if change.is_rewind() {
            self.rewind = Some(number);
        }
        let unmet = condition.as_ref().and_then(|condition| self.unmet(collection, &change, condition));
        let (counts, written) = self.effect(client, collection, &change, number);
        if unmet.is_none() {
            for (at, row, by) in written {
                self.rows.entry(at).or_default().push(Version { op: number, row, by });
            }
        }
        let (collection, sent_after) = (collection.to_owned(), self.newest);
        let (open, acknowledged) = (0, None);
        let op = Op { client, key, collection, change, condition, unmet, counts, sent_after, open, acknowledged };
        self.ops.push(op);
        number
    }

    /// The first row that a change names for which a condition does not hold.
    fn unmet(&self, collection: &str, change: &Change, condition: &Condition) -> Option<Unmet> {
        let ids: Vec<&String> = match change {
            Change::Upsert(rows) | Change::UpsertBoth(rows, _) => rows.iter().map(|(id, _)| id).collect(),
            Change::Delete(ids) | Change::Patch(ids, _) => ids.iter().collect(),
            _ => Vec::new(),
        };
        let holds = |id: &str| {
            let place = (collection.to_owned(), id.to_owned());
            let (row, commit) = (self.current(&place), self.commit_of(&place));
            let holds = match condition {
                Condition::Absent => row.is_none(),
                Condition::Present => row.is_some(),
                Condition::Commit(wanted) => commit == Some(*wanted),
                Condition::AtMost(most) => row.is_some_and(|row| row.value <= *most),
            };
            (holds, commit)
        };
        ids.into_iter().find_map(|id| match holds(id) {
            (true, _) => None,
            (false, commit) => Some((id.clone(), commit)),
        })
    }

    /// What a change does to what was acknowledged: its counts, but for that of a delete by id, and places with what
    /// they hold and which write that is of.
    fn effect(
        &self,
        client: usize,
        collection: &str,
        change: &Change,
        number: usize,
    ) -> (Counts, Vec<(Place, Option<Row>, usize)>) {
        let place = |id: &str| (collection.to_owned(), id.to_owned());
        let (mut counts, mut written) = (Counts::default(), Vec::new());
        match change {
            Change::Snapshot(..) | Change::DropSnapshot(_) | Change::Branch(..) | Change::DropBranch(_) => {}
            Change::Create => {
                counts.created = true;
                written.push((place(""), Some(Row::default()), number));
            }
            Change::Drop => {
                counts.deleted = 1;
                written.extend(self.rows.keys().filter(|at| at.0 == collection).map(|at| (at.clone(), None, number)));
            }
            Change::Upsert(rows) => {
                let row = |value| Some(Row { value, base: value, mark: None });
                written.extend(rows.iter().map(|(id, value)| (place(id), row(*value), number)));
            }
            Change::UpsertBoth(rows, other) => {
                let row = |value| Some(Row { value, base: value, mark: None });
                for (id, value) in rows {
                    written.push((place(id), row(*value), number));
                    written.push(((other.clone(), id.clone()), row(*value), number));
                }
            }
            Change::Delete(ids) | Change::Erase(ids) => {
                written.extend(ids.iter().map(|id| (place(id), None, number)));
            }
            Change::Patch(ids, edit) => {
                let found = ids.iter().filter_map(|id| Some((place(id), self.current(&place(id))?)));
                written.extend(found.map(|(at, row)| (at, Some(edit.of(row)), number)));
                counts.patched = written.len() as u64;
                counts.missing = ids.len() as u64 - counts.patched;
            }
            Change::PatchWhere(filter, edit) => {
                let found = self.passing(client, collection, *filter, &mut counts.more);
                written.extend(found.into_iter().map(|(at, row)| (at, Some(edit.of(row)), number)));
                counts.patched = written.len() as u64;
            }
            Change::DeleteWhere(filter) => {
                let found = self.passing(client, collection, *filter, &mut counts.more);
                written.extend(found.into_iter().map(|(at, _)| (at, None, number)));
                counts.deleted = written.len() as u64;
            }
            Change::Rewind(target) => {
                let then = |at: &Place| self.version_at(at, target.commit());
                let then = |at: &Place| then(at).map_or((None, number), |version| (version.row, version.by));
                let all = self.rows.keys().map(|at| (at.clone(), then(at)));
                written.extend(all.map(|(at, (row, by))| (at, row, by)));
            }
        }
        (counts, written)
    }

    /// The rows of a client that pass a filter, as far as its limit goes.
    fn passing(&self, client: usize, collection: &str, filter: Filter, more: &mut bool) -> Vec<(Place, Row)> {
        let own = super::client::row_prefix(client);
        let places = self.rows.keys().filter(|at| at.0 == collection && at.1.starts_with(&own));
        let rows = places.filter_map(|at| Some((at.clone(), self.current(at)?)));
        let mut found: Vec<(Place, Row)> = rows.filter(|(_, row)| row.value <= filter.most).collect();
        *more = found.len() > filter.limit;
        found.truncate(filter.limit);
        found
    }

    /// One more try.
    pub fn tried(&mut self, op: usize) -> Try {
        let op = &mut self.ops[op];
        op.open += 1;
        Try { first: op.open == 1 && op.acknowledged.is_none(), erased: self.erased }
    }

    /// A write that was acknowledged is asked for again.
    pub fn asked_again(&self) -> Try {
        Try { first: false, erased: self.erased }
    }

    /// A try was refused: it did nothing and never will.
    pub fn refused(&mut self, op: usize) -> Result<(), Violation> {
        self.ops[op].open -= 1;
        self.judge_deletes()
    }

    /// An owner that came after all tries of a write knows nothing of it: none of them did anything or ever will.
    pub fn never_done(&mut self, op: usize) -> Result<(), Violation> {
        self.ops[op].open = 0;
        self.judge_deletes()
    }

    /// Whether it is known what became of a write.
    pub fn is_settled(&self, op: usize) -> bool {
        self.ops[op].acknowledged.is_some() || self.ops[op].open == 0
    }

    pub fn is_acknowledged(&self, op: usize) -> bool {
        self.ops[op].acknowledged.is_some()
    }

    /// Whether a write was done, as far as anybody knows.
    pub fn is_perhaps_done(&self, op: usize) -> bool {
        self.is_acknowledged(op) || self.ops[op].is_in_doubt()
    }

    /// A try was acknowledged.
    pub fn told(&mut self, number: usize, committed: &Committed, tried: Try) -> Result<(), Violation> {
        let erased = self.erased;
        let erasing = self.ops.iter().any(|op| op.is_in_doubt() && matches!(op.change, Change::Erase(_)));
        let op = &mut self.ops[number];
        let what = || format!("write {number} of client {}", op.client);
        if let Some(unmet) = &op.unmet {
            return Err(format!("{} was done, though its condition does not hold: {unmet:?}", what()));
        }
        if let Some(before) = op.acknowledged.filter(|before| *before != committed.commit) {
            return Err(format!("{} was done in commit {before} and again in {}", what(), committed.commit));
        }
        if committed.commit <= op.sent_after {
            let (commit, after) = (committed.commit, op.sent_after);
            return Err(format!("{} has commit {commit}, but {after} was acknowledged before it was sent", what()));
        }
        if op.change.past().is_some_and(|past| past < erased && erased < committed.commit) {
            return Err(format!("{} brings back what was erased in {erased}: {:?}", what(), op.change));
        }
        let Committed { mut deleted, patched, missing, more, created, .. } = *committed;
        if matches!(op.change, Change::Delete(_) | Change::Erase(_)) {
            self.deletes.push((number, std::mem::take(&mut deleted)));
        }
        let counts = Counts { deleted, patched, missing, more, created };
        if counts != op.counts {
            return Err(format!("{} says that it did {counts:?}, not {:?}", what(), op.counts));
        }
        if let Some(answer) = &committed.replayed {
            // An erase empties the answers that were given before it. It may have come between, or be in doubt.
            let whole = answer[..] == op.key[..] && tried.erased <= committed.commit;
            let emptied = answer.is_empty() && (committed.commit < erased || erasing);
            if tried.first || !(whole || emptied) {
                return Err(format!("{} got another's answer", what()));
            }
        }
        if op.acknowledged.replace(committed.commit).is_none() {
            match &op.change {
                Change::Snapshot(name, of) => {
                    self.snapshots.insert(name.clone(), of.unwrap_or(committed.commit));
                }
                Change::DropSnapshot(name) => {
                    self.snapshots.remove(name);
                }
                Change::DropBranch(name) => {
                    self.branches.remove(name);
                }
                Change::Erase(_) => {
                    self.snapshots.clear();
                    (self.oldest, self.erased) = (committed.commit, committed.commit);
                }
                _ => {}
            }
        }
        self.newest = self.newest.max(committed.commit);
        self.judge_deletes()
    }

    /// A try of a write that makes a branch was acknowledged.
    pub fn told_branch(&mut self, number: usize, branch: &Branch) -> Result<(), Violation> {
        let op = &mut self.ops[number];
        let Change::Branch(name, of) = &op.change else { return Err(format!("write {number} made {branch:?}")) };
        let right = of.map_or(branch.commit >= op.sent_after, |of| of == branch.commit);
        if !right || *name != branch.name || op.acknowledged.is_some_and(|before| before != branch.commit) {
            return Err(format!("write {number}, {op:?}, made {branch:?}"));
        }
        // When its entry was written, nobody is told.
        if op.acknowledged.replace(branch.commit).is_none() {
            if branch.commit < self.erased {
                return Err(format!("write {number} brings back what was erased in {}: {branch:?}", self.erased));
            }
            self.branches.insert(name.clone(), branch.commit);
        }
        self.newest = self.newest.max(branch.commit);
        Ok(())
    }
}
