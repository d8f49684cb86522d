//! Whether what was seen and told may be so.

use std::collections::{BTreeMap, HashSet};

use agentdb_data_plane_engine::Commit;

use super::{Change, Guess, Model, Place, Row, Rows, Violation};

impl Model {
    /// The places that the rewind in doubt may have in the log up to `commit`. The first is none.
    fn guesses(&self, commit: Commit) -> impl Iterator<Item = Guess> {
        let rewind = self.rewind.filter(|rewind| self.ops[*rewind].is_in_doubt());
        let places = rewind
            .into_iter()
            .flat_map(move |rewind| (self.ops[rewind].sent_after + 1..=commit).map(move |at| (rewind, at)));
        // It has an entry of its own.
        let free = places.filter(move |(_, at)| !self.ops.iter().any(|op| op.acknowledged == Some(*at)));
        std::iter::once(None).chain(free.map(Some))
    }

    /// Holds when it does for one place of the rewind in doubt.
    fn in_some_case(&self, commit: Commit, judge: impl Fn(Guess) -> Result<(), Violation>) -> Result<(), Violation> {
        let mut found = Ok(());
        for guess in self.guesses(commit) {
            match judge(guess) {
                Ok(()) => return Ok(()),
                Err(violation) => found = found.and(Err(violation)),
            }
        }
        found
    }

    /// Whether `seen` may be what a read of `commit` shows at a place.
    pub fn judge(&self, place: &Place, seen: Option<Row>, commit: Commit) -> Result<(), Violation> {
        self.in_some_case(commit, |guess| self.judge_place(place, seen, commit, guess))
    }

    /// Whether one read of `commit` may show these rows.
    pub fn judge_rows(&self, seen: &[(Place, Option<Row>)], commit: Commit) -> Result<(), Violation> {
        self.in_some_case(commit, |guess| {
            seen.iter().try_for_each(|(place, row)| self.judge_place(place, *row, commit, guess))
        })
    }

    fn judge_place(&self, place: &Place, seen: Option<Row>, commit: Commit, guess: Guess) -> Result<(), Violation> {
        let versions = self.rows.get(place).ok_or_else(|| format!("{place:?} is there, and nobody wrote it"))?;
        let (at, wanted) = self.last(place, commit, guess).map_or((0, None), |(at, last)| (at, last.row));
        let mut perhaps = versions.iter().filter(|version| self.may_follow(version.op, at, commit));
        if seen == wanted || perhaps.any(|version| version.row == seen) {
            return Ok(());
        }
        let story = self.story(place);
        Err(format!("{place:?} is {seen:?} at {commit}; {wanted:?} was acknowledged at {at}; {story:?}"))
    }

    /// Whether a write in doubt may be in the log behind `at`, up to `commit`. Where a rewind is, is guessed.
    fn may_follow(&self, op: usize, at: Commit, commit: Commit) -> bool {
        let op = &self.ops[op];
        op.is_in_doubt() && !op.change.is_rewind() && op.sent_after.max(at) < commit
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
    fn judge_whole(&self, collection: &str, seen: &Rows, commit: Commit, guess: Guess) -> Result<(), Violation> {
        // Rows that each such write changes, and those of them that are as it leaves them.
        let mut parts: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
        for (place, versions) in self.rows.iter().filter(|(place, _)| place.0 == collection && !place.1.is_empty()) {
            let (at, row) = self.last(place, commit, guess).map_or((0, None), |(at, last)| (at, last.row));
            let open = versions.iter().find(|version| self.may_follow(version.op, at, commit));
            if let Some(open) = open.filter(|open| open.row != row) {
                let (changed, shown) = parts.entry(open.op).or_default();
                *changed += 1;
                *shown += u32::from(seen.get(&place.1).copied() == open.row);
            }
        }
        let torn = parts.into_iter().find(|(_, (changed, shown))| *shown != 0 && shown != changed);
        torn.map_or(Ok(()), |(op, (changed, shown))| {
            Err(format!("{shown} of {changed} rows of one write are there: {:?}", self.ops[op]))
        })
    }

    /// Whether these are all rows of a collection at a commit.
    pub fn judge_all(&self, collection: &str, seen: &Rows, commit: Commit) -> Result<(), Violation> {
        let places: Vec<&Place> =
            self.rows.keys().filter(|place| place.0 == collection && !place.1.is_empty()).collect();
        let known: HashSet<&str> = places.iter().map(|place| place.1.as_str()).collect();
        if let Some(id) = seen.keys().find(|id| !known.contains(id.as_str())) {
            return Err(format!("{id} is there, and nobody wrote it"));
        }
        let there = (collection.to_owned(), String::new());
        self.in_some_case(commit, |guess| {
            self.judge_place(&there, Some(Row::default()), commit, guess)?;
            for place in &places {
                self.judge_place(place, seen.get(&place.1).copied(), commit, guess)?;
            }
            self.judge_whole(collection, seen, commit, guess)
        })
    }

    /// The least and the most that a client can have used: one for each write that was done.
    pub fn used(&self, client: usize) -> (u64, u64) {
        let own = || self.ops[self.begun..].iter().filter(|op| op.client == client);
        let done = own().filter(|op| op.acknowledged.is_some()).count() as u64;
        let perhaps = own().filter(|op| op.is_in_doubt() && op.unmet.is_none());
        (done, done + perhaps.count() as u64)
    }

    /// The newest versions of a place: row, commit, open tries.
    fn story(&self, place: &Place) -> Vec<(Option<Row>, Option<Commit>, u32)> {
        let versions = self.rows.get(place).into_iter().flatten().rev().take(4);
        versions.map(|v| (v.row, self.ops[v.op].acknowledged, self.ops[v.op].open)).collect()
    }

    /// Whether deletes say how many rows there were. How many, is known when no rewind is in doubt.
    pub(super) fn judge_deletes(&mut self) -> Result<(), Violation> {
        if self.rewind.is_some_and(|rewind| self.ops[rewind].is_in_doubt()) {
            return Ok(());
        }
        for (number, said) in std::mem::take(&mut self.deletes) {
            let op = &self.ops[number];
            let (Change::Delete(ids) | Change::Erase(ids)) = &op.change else { continue };
            let before = op.acknowledged.map_or(0, |at| at - 1);
            let places = ids.iter().map(|id| (op.collection.clone(), id.clone()));
            let there = places.filter(|place| self.version_at(place, before).is_some_and(|v| v.row.is_some()));
            let deleted = there.count() as u64;
            if deleted != said {
                return Err(format!("write {number} says that it deleted {said} rows, not {deleted}: {op:?}"));
            }
        }
        Ok(())
    }
}
