//! What may be seen: every write that was sent, in the order of its one sender, and what that was told.
//!
//! A row belongs to one client, who sends a write only when the outcome of the one before is known. A rewind writes
//! every row, and is sent only when the outcomes of all writes are known. So each row has a line of versions, the newest
//! of which may be open, and what a write finds is known when it is sent. A read says which commit it has seen: it must
//! show, of every row, the newest version that was acknowledged up to that commit, or one sent after it whose outcome
//! nobody knows; and its commit must not be behind what was acknowledged when it began.

use std::collections::{BTreeMap, HashSet};

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
    Delete(Vec<String>),
    /// Ids that have no record are left out.
    Patch(Vec<String>, Edit),
    PatchWhere(Filter, Edit),
    DeleteWhere(Filter),
    /// Of an older commit, or of its own.
    Snapshot(String, Option<Commit>),
    /// Of an older commit, or of the newest.
    Branch(String, Option<Commit>),
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
    rows: BTreeMap<Place, Vec<Version>>,
    newest: Commit,
    /// The first commit that may be gone back to.
    oldest: Commit,
    /// That of the last erase.
    erased: Commit,
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
        (self.newest, self.oldest) = (commit, commit);
    }

    /// The newest commit that somebody was told of.
    pub fn newest(&self) -> Commit {
        self.newest
    }

    /// The first commit that may be gone back to.
    pub fn oldest(&self) -> Commit {
        self.oldest
    }

    /// The snapshots that were acknowledged, with their commits.
    pub fn snapshots(&self) -> &BTreeMap<String, Commit> {
        &self.snapshots
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

    /// The version of a place that was acknowledged last, at most at `commit`.
    fn version_at(&self, place: &Place, commit: Commit) -> Option<Version> {
        let mut versions = self.rows.get(place).into_iter().flatten().rev();
        versions.find(|v| self.ops[v.op].acknowledged.is_some_and(|at| at <= commit)).copied()
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
            Change::Upsert(rows) => rows.iter().map(|(id, _)| id).collect(),
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

    /// What a change does to what was acknowledged: its counts, and places with what they hold and which write that is of.
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
            Change::Snapshot(..) | Change::Branch(..) => {}
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
            Change::Delete(ids) | Change::Erase(ids) => {
                counts.deleted = ids.iter().filter(|id| self.current(&place(id)).is_some()).count() as u64;
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

    /// One more try; true when its outcome alone decides whether the write was done.
    pub fn tried(&mut self, op: usize) -> bool {
        let op = &mut self.ops[op];
        op.open += 1;
        op.open == 1 && op.acknowledged.is_none()
    }

    /// A try was refused: it did nothing and never will.
    pub fn refused(&mut self, op: usize) {
        self.ops[op].open -= 1;
    }

    /// An owner that came after all tries of a write knows nothing of it: none of them did anything or ever will.
    pub fn never_done(&mut self, op: usize) {
        self.ops[op].open = 0;
    }

    /// Whether it is known what became of a write.
    pub fn is_settled(&self, op: usize) -> bool {
        self.ops[op].acknowledged.is_some() || self.ops[op].open == 0
    }

    pub fn is_acknowledged(&self, op: usize) -> bool {
        self.ops[op].acknowledged.is_some()
    }

    /// A try was acknowledged.
    pub fn told(&mut self, op: usize, committed: &Committed, first: bool) -> Result<(), Violation> {
        let (number, erased) = (op, self.erased);
        let op = &mut self.ops[op];
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
        let Committed { deleted, patched, missing, more, created, .. } = *committed;
        let counts = Counts { deleted, patched, missing, more, created };
        if counts != op.counts {
            return Err(format!("{} says that it did {counts:?}, not {:?}", what(), op.counts));
        }
        // An erase empties the answers that were given before it.
        let given = if committed.commit < erased { &[][..] } else { &op.key[..] };
        match &committed.replayed {
            Some(answer) if first || **answer != *given => return Err(format!("{} got another's answer", what())),
            _ => {}
        }
        if op.acknowledged.replace(committed.commit).is_none() {
            match &op.change {
                Change::Snapshot(name, of) => {
                    self.snapshots.insert(name.clone(), of.unwrap_or(committed.commit));
                }
                Change::Erase(_) => {
                    self.snapshots.clear();
                    (self.oldest, self.erased) = (committed.commit, committed.commit);
                }
                _ => {}
            }
        }
        self.newest = self.newest.max(committed.commit);
        Ok(())
    }

    /// A try of a write that makes a branch was acknowledged.
    pub fn told_branch(&mut self, op: usize, branch: &Branch) -> Result<(), Violation> {
        let number = op;
        let op = &mut self.ops[op];
        let Change::Branch(name, of) = &op.change else { return Err(format!("write {number} made {branch:?}")) };
        let right = of.map_or(branch.commit >= op.sent_after, |of| of == branch.commit);
        if !right || *name != branch.name || op.acknowledged.is_some_and(|before| before != branch.commit) {
            return Err(format!("write {number}, {op:?}, made {branch:?}"));
        }
        // When its entry was written, nobody is told.
        op.acknowledged = Some(branch.commit);
        self.branches.insert(name.clone(), branch.commit);
        self.newest = self.newest.max(branch.commit);
        Ok(())
    }

    /// Whether `seen` may be what a read of `commit` shows at a place.
    pub fn judge(&self, place: &Place, seen: Option<Row>, commit: Commit) -> Result<(), Violation> {
        let versions = self.rows.get(place).ok_or_else(|| format!("{place:?} is there, and nobody wrote it"))?;
        for version in versions.iter().rev() {
            let op = &self.ops[version.op];
            match op.acknowledged {
                Some(at) if at > commit => continue,
                None if op.open == 0 || op.sent_after >= commit => continue,
                _ if version.row == seen => return Ok(()),
                Some(at) => {
                    let wanted = version.row;
                    return Err(format!("{place:?} is {seen:?} at {commit}; {wanted:?} was acknowledged at {at}"));
                }
                None => {}
            }
        }
        match seen {
            None => Ok(()),
            Some(_) => Err(format!("{place:?} is {seen:?} at {commit}; {:?}", self.story(place))),
        }
    }

    /// Whether a row that was seen may say that `commit` wrote it.
    pub fn judge_commit(&self, place: &Place, seen: Row, commit: Commit) -> Result<(), Violation> {
        let found = self.rows.get(place).into_iter().flatten().find(|version| version.row == Some(seen));
        let by = found.map(|version| &self.ops[version.by]).ok_or_else(|| format!("nobody wrote {seen:?}"))?;
        if by.acknowledged.map_or(commit > by.sent_after, |at| at == commit) {
            return Ok(());
        }
        Err(format!("{place:?}, {seen:?}, says that commit {commit} wrote it; it is of {by:?}"))
    }

    /// Whether a read that began after `begun` was acknowledged may say that a collection is not there.
    pub fn judge_absent(&self, collection: &str, begun: Commit) -> Result<(), Violation> {
        let place = (collection.to_owned(), String::new());
        for version in self.rows.get(&place).into_iter().flatten().rev() {
            let op = &self.ops[version.op];
            match op.acknowledged {
                None if op.open == 0 => {}
                _ if version.row.is_none() => return Ok(()),
                Some(at) if at <= begun => {
                    return Err(format!("{collection} is not there, but was created at {at}, before the read began"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether each write whose outcome is open is seen whole or not at all.
    fn judge_whole(&self, collection: &str, seen: &Rows, commit: Commit) -> Result<(), Violation> {
        // Rows that each such write changes, and those of them that are as it leaves them.
        let mut parts: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
        for (place, versions) in self.rows.iter().filter(|(place, _)| place.0 == collection && !place.1.is_empty()) {
            let Some(last) = versions.last() else { continue };
            let op = &self.ops[last.op];
            // One that was sent later cannot be seen.
            let open = op.acknowledged.is_none() && op.open > 0 && op.sent_after <= commit;
            if open && self.current(place) != last.row {
                let (changed, shown) = parts.entry(last.op).or_default();
                *changed += 1;
                *shown += u32::from(seen.get(&place.1).copied() == last.row);
            }
        }
        let torn = parts.into_iter().find(|(_, (changed, shown))| *shown != 0 && shown != changed);
        torn.map_or(Ok(()), |(op, (changed, shown))| {
            Err(format!("{shown} of {changed} rows of one write are there: {:?}", self.ops[op]))
        })
    }

    /// Whether these are all rows of a collection at a commit.
    pub fn judge_all(&self, collection: &str, seen: &Rows, commit: Commit) -> Result<(), Violation> {
        self.judge(&(collection.to_owned(), String::new()), Some(Row::default()), commit)?;
        let mut known = HashSet::new();
        for place in self.rows.keys().filter(|place| place.0 == collection && !place.1.is_empty()) {
            self.judge(place, seen.get(&place.1).copied(), commit)?;
            known.insert(place.1.as_str());
        }
        if let Some(id) = seen.keys().find(|id| !known.contains(id.as_str())) {
            return Err(format!("{id} is there, and nobody wrote it"));
        }
        self.judge_whole(collection, seen, commit)
    }

    /// The least and the most that a client can have used: one for each write that was done.
    pub fn used(&self, client: usize) -> (u64, u64) {
        let own = || self.ops.iter().filter(|op| op.client == client);
        let done = own().filter(|op| op.acknowledged.is_some()).count() as u64;
        let perhaps = own().filter(|op| op.acknowledged.is_none() && op.open > 0 && op.unmet.is_none());
        (done, done + perhaps.count() as u64)
    }

    /// The newest versions of a place: row, commit, open tries.
    fn story(&self, place: &Place) -> Vec<(Option<Row>, Option<Commit>, u32)> {
        let versions = self.rows.get(place).into_iter().flatten().rev().take(4);
        versions.map(|v| (v.row, self.ops[v.op].acknowledged, self.ops[v.op].open)).collect()
    }
}
