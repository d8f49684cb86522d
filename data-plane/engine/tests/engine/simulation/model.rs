//! What may be seen: every write that was sent, in the order of its one sender, and what that was told.
//!
//! A row belongs to one client, who sends a write only when the outcome of the one before is known. So each row has
//! a line of versions, the newest of which may be open. A read says which commit it has seen: it must show, of
//! every row, the newest version that was acknowledged up to that commit, or one sent after it whose outcome nobody
//! knows; and its commit must not be behind what was acknowledged when it began.

use std::collections::{BTreeMap, HashSet};

use agentdb_data_plane_engine::{Commit, Committed};

/// What went wrong, in words.
pub type Violation = String;

/// A row, or the collection itself under the empty id.
pub type Place = (String, String);

/// A change that a client wants.
#[derive(Debug, Clone)]
pub enum Change {
    Create,
    Drop,
    Upsert(Vec<(String, u64)>),
    Delete(Vec<String>),
}

/// One write.
#[derive(Debug, Clone)]
pub struct Op {
    pub client: usize,
    /// Its idempotency key.
    pub key: [u8; 32],
    pub collection: String,
    pub change: Change,
    /// Records, or the collection, that it removes.
    removes: u64,
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
    value: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Model {
    ops: Vec<Op>,
    rows: BTreeMap<Place, Vec<Version>>,
    newest: Commit,
}

impl Model {
    /// A row that may be written.
    pub fn know(&mut self, place: Place) {
        self.rows.insert(place, Vec::new());
    }

    /// The newest commit that somebody was told of.
    pub fn newest(&self) -> Commit {
        self.newest
    }

    pub fn op(&self, op: usize) -> &Op {
        &self.ops[op]
    }

    pub fn acknowledged(&self) -> usize {
        self.ops.iter().filter(|op| op.acknowledged.is_some()).count()
    }

    /// What was acknowledged last at a place.
    pub fn current(&self, place: &Place) -> Option<u64> {
        let versions = self.rows.get(place).into_iter().flatten().rev();
        let mut known = versions.filter(|v| self.ops[v.op].acknowledged.is_some());
        known.next().and_then(|v| v.value)
    }

    /// Notes a write that is about to be sent for the first time.
    pub fn sent(&mut self, client: usize, key: [u8; 32], collection: &str, change: Change) -> usize {
        let number = self.ops.len();
        let place = |id: &str| (collection.to_owned(), id.to_owned());
        let is_there = |model: &Self, id: &str| u64::from(model.current(&place(id)).is_some());
        let (removes, written): (u64, Vec<(Place, Option<u64>)>) = match &change {
            Change::Create => (0, vec![(place(""), Some(0))]),
            Change::Drop => {
                let all = self.rows.keys().filter(|at| at.0 == collection);
                (1, all.map(|at| (at.clone(), None)).collect())
            }
            Change::Upsert(rows) => (0, rows.iter().map(|(id, value)| (place(id), Some(*value))).collect()),
            Change::Delete(ids) => {
                (ids.iter().map(|id| is_there(self, id)).sum(), ids.iter().map(|id| (place(id), None)).collect())
            }
        };
        for (at, value) in written {
            self.rows.entry(at).or_default().push(Version { op: number, value });
        }
        let (collection, sent_after) = (collection.to_owned(), self.newest);
        self.ops.push(Op { client, key, collection, change, removes, sent_after, open: 0, acknowledged: None });
        number
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

    /// Whether it is known what became of a write.
    pub fn is_settled(&self, op: usize) -> bool {
        self.ops[op].acknowledged.is_some() || self.ops[op].open == 0
    }

    /// A try was acknowledged.
    pub fn told(&mut self, op: usize, committed: &Committed, first: bool) -> Result<(), Violation> {
        let number = op;
        let op = &mut self.ops[op];
        let what = || format!("write {number} of client {}", op.client);
        if let Some(before) = op.acknowledged.filter(|before| *before != committed.commit) {
            return Err(format!("{} was done in commit {before} and again in {}", what(), committed.commit));
        }
        if committed.commit <= op.sent_after {
            let (commit, after) = (committed.commit, op.sent_after);
            return Err(format!("{} has commit {commit}, but {after} was acknowledged before it was sent", what()));
        }
        if committed.deleted != op.removes {
            return Err(format!("{} says that it removed {}, not {}", what(), committed.deleted, op.removes));
        }
        if committed.created != matches!(op.change, Change::Create) {
            return Err(format!("{} says created: {}", what(), committed.created));
        }
        match &committed.replayed {
            Some(answer) if first || **answer != op.key => return Err(format!("{} got another's answer", what())),
            _ => {}
        }
        op.acknowledged = Some(committed.commit);
        self.newest = self.newest.max(committed.commit);
        Ok(())
    }

    /// Whether `seen` may be what a read of `commit` shows at a place.
    pub fn judge(&self, place: &Place, seen: Option<u64>, commit: Commit) -> Result<(), Violation> {
        let versions = self.rows.get(place).ok_or_else(|| format!("{place:?} is there, and nobody wrote it"))?;
        for version in versions.iter().rev() {
            let op = &self.ops[version.op];
            match op.acknowledged {
                Some(at) if at > commit => continue,
                None if op.open == 0 => continue,
                _ if version.value == seen => return Ok(()),
                Some(at) => {
                    let wanted = version.value;
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

    /// Whether a read that began after `begun` was acknowledged may say that a collection is not there.
    pub fn judge_absent(&self, collection: &str, begun: Commit) -> Result<(), Violation> {
        let place = (collection.to_owned(), String::new());
        for version in self.rows.get(&place).into_iter().flatten().rev() {
            let op = &self.ops[version.op];
            match op.acknowledged {
                None if op.open == 0 => {}
                _ if version.value.is_none() => return Ok(()),
                Some(at) if at <= begun => {
                    return Err(format!("{collection} is not there, but was created at {at}, before the read began"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether each write whose outcome is open is seen whole or not at all.
    pub fn judge_whole(&self, collection: &str, seen: &BTreeMap<String, u64>) -> Result<(), Violation> {
        for op in self.ops.iter().filter(|op| op.acknowledged.is_none() && op.collection == collection) {
            let Change::Upsert(rows) = &op.change else { continue };
            let shown = rows.iter().filter(|(id, value)| seen.get(id) == Some(value)).count();
            if shown != 0 && shown != rows.len() {
                return Err(format!("{shown} of {} rows of one write are there: {rows:?}", rows.len()));
            }
        }
        Ok(())
    }

    /// Whether these are all rows of a collection at a commit.
    pub fn judge_all(&self, collection: &str, seen: &BTreeMap<String, u64>, commit: Commit) -> Result<(), Violation> {
        let place = (collection.to_owned(), String::new());
        if self.rows.contains_key(&place) {
            self.judge(&place, Some(0), commit)?;
        }
        let mut known = HashSet::new();
        for place in self.rows.keys().filter(|place| place.0 == collection && !place.1.is_empty()) {
            self.judge(place, seen.get(&place.1).copied(), commit)?;
            known.insert(place.1.as_str());
        }
        if let Some(id) = seen.keys().find(|id| !known.contains(id.as_str())) {
            return Err(format!("{id} is there, and nobody wrote it"));
        }
        self.judge_whole(collection, seen)
    }

    /// The least and the most that a client can have used: one for each write that was done.
    pub fn used(&self, client: usize) -> (u64, u64) {
        let own = || self.ops.iter().filter(|op| op.client == client);
        let done = own().filter(|op| op.acknowledged.is_some()).count() as u64;
        (done, done + own().filter(|op| op.acknowledged.is_none() && op.open > 0).count() as u64)
    }

    /// The newest versions of a place: value, commit, open tries.
    fn story(&self, place: &Place) -> Vec<(Option<u64>, Option<Commit>, u32)> {
        let versions = self.rows.get(place).into_iter().flatten().rev().take(4);
        versions.map(|v| (v.value, self.ops[v.op].acknowledged, self.ops[v.op].open)).collect()
    }
}
