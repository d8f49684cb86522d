//! What is in memory of a namespace, and the one way it changes: applying durable writes in commit order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::collection::Collection;
use super::rewind::Rewound;
use super::types::{Commit, UsageDelta, UsageKey};
use crate::catalog::{Checkpoint, DroppedTable, Kept, Mark, Marks, TableId};
use crate::log::{Answer, EraseOp};
use crate::memtable::MemRow;
use crate::schema::Schema;

/// A change ready to apply: rows are analysed.
#[derive(Debug)]
pub(super) enum Change {
    Create { name: String, table: TableId, schema: Arc<Schema> },
    Drop { name: String },
    Upsert { table: TableId, rows: Vec<Arc<MemRow>> },
    Delete { table: TableId, ids: Vec<Box<str>> },
    Mark(Mark),
    Rewind(Rewound),
    Erase(EraseOp),
}

impl Change {
    /// Logical bytes of its rows.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Upsert { rows, .. } => rows.iter().map(|row| row.bytes as usize).sum(),
            Self::Create { .. }
            | Self::Drop { .. }
            | Self::Delete { .. }
            | Self::Mark(_)
            | Self::Rewind(_)
            | Self::Erase(_) => 0,
        }
    }
}

/// One durable write.
#[derive(Debug)]
pub(super) struct DurableWrite {
    /// In their order.
    pub(super) changes: Vec<Change>,
    pub(super) usage: Vec<UsageDelta>,
    pub(super) answer: Option<Answer>,
}

impl DurableWrite {
    /// Logical bytes of its rows.
    pub(super) fn bytes(&self) -> usize {
        self.changes.iter().map(Change::bytes).sum()
    }
}

/// Whether the handle still serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Serving,
    Fenced,
    Closed,
}

/// A frozen part of the namespace: what the running or next fold brings into the tables.
#[derive(Debug, Clone)]
pub(super) struct Freeze {
    /// Everything up to here is in it.
    pub(super) commit: Commit,
    /// Whether it says anything that the root does not; if not, it is there to try again what is set aside.
    pub(super) changed: bool,
    pub(super) usage: HashMap<UsageKey, u64>,
    pub(super) answers: Vec<Answer>,
    pub(super) marks: Marks,
    /// Collections as they were, by name.
    pub(super) collections: Vec<super::collection::FrozenCollection>,
    pub(super) dropped: Vec<Gone>,
}

/// A table that was dropped, and the commit that had created it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    pub(super) table: TableId,
    pub(super) created_commit: Commit,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) standing: Standing,
    pub(super) collections: BTreeMap<String, Collection>,
    /// The name of each live table.
    pub(super) names: HashMap<TableId, String>,
    /// The last durable and applied commit.
    pub(super) commit: Commit,
    /// The checkpoint that is the root.
    pub(super) root: Option<RootInfo>,
    pub(super) usage: HashMap<UsageKey, u64>,
    pub(super) answers: HashMap<[u8; 32], Answer>,
    pub(super) answer_bytes: usize,
    /// Tables dropped since the last freeze.
    pub(super) dropped: Vec<Gone>,
    pub(super) marks: Marks,
    /// What erases took beside records since a receipt said it.
    pub(super) erased_beside: super::erase::Beside,
    /// Whether there is something since the last freeze that a checkpoint has to say; takeovers alone are nothing until
    /// there are many.
    pub(super) changed: bool,
    pub(super) frozen: Option<Arc<Freeze>>,
}

/// What of the root is needed while serving.
#[derive(Debug, Clone)]
pub(super) struct RootInfo {
    pub(super) sequence: u64,
    pub(super) folded_commit: Commit,
    pub(super) dropped: Vec<DroppedTable>,
    /// The checkpoints that are kept, the root last, oldest first.
    pub(super) kept: Vec<Kept>,
    /// Whether it says that an erase is to be finished.
    pub(super) erasing: bool,
}

/// Bytes a stored answer is counted for beside its body.
pub(super) const ANSWER_OVERHEAD: usize = 160;

impl State {
    pub(super) fn new(root: Option<Checkpoint>) -> Self {
        let mut state = Self {
            standing: Standing::Serving,
            collections: BTreeMap::new(),
            names: HashMap::new(),
            commit: 0,
            root: None,
            usage: HashMap::new(),
            answers: HashMap::new(),
            answer_bytes: 0,
            dropped: Vec::new(),
            marks: Marks::default(),
            erased_beside: Default::default(),
            changed: false,
            frozen: None,
        };
        let Some(root) = root else { return state };
        state.commit = root.folded_commit;
        state.usage = root.usage.into_iter().collect();
        for answer in root.answers {
            state.remember(answer);
        }
        state.root = Some(RootInfo {
            sequence: root.sequence,
            folded_commit: root.folded_commit,
            dropped: root.dropped,
            kept: root.kept,
            erasing: !root.marks.erasing.is_empty(),
        });
        state.marks = root.marks;
        for folded in root.tables {
            state.names.insert(folded.table, folded.name.clone());
            state.collections.insert(folded.name.clone(), Collection::folded(folded));
        }
        state
    }

    pub(super) fn folded_commit(&self) -> Commit {
        self.root.as_ref().map_or(0, |r| r.folded_commit)
    }

    /// Log entries behind the root: what the next opening reads.
    pub(super) fn unfolded_entries(&self) -> u64 {
        self.commit - self.folded_commit()
    }

    /// Logical bytes of the rows in these, also of those whose collections are gone from memory.
    pub(super) fn unfolded_bytes(&self) -> u64 {
        // An erase keeps no checkpoint until it has written its own.
        let folded = self.kept().last().map_or(self.marks.written, |root| root.written);
        self.marks.written.saturating_sub(folded)
    }

    /// Applies the writes of one entry, all at once for readers.
    pub(super) fn apply(&mut self, commit: Commit, at_ms: i64, writes: Vec<DurableWrite>) {
        debug_assert_eq!(commit, self.commit + 1, "entries are applied in order");
        for write in writes {
            self.apply_write(commit, write);
        }
        self.commit = commit;
        self.marks.last_ms = at_ms;
    }

    pub(super) fn apply_write(&mut self, commit: Commit, write: DurableWrite) {
        self.changed = true;
        for change in write.changes {
            self.apply_change(commit, change);
        }
        for delta in write.usage {
            let key = UsageKey { key: delta.key, meter: delta.meter, hour: delta.hour };
            let counter = self.usage.entry(key).or_default();
            *counter = counter.saturating_add(delta.amount);
        }
        if let Some(answer) = write.answer {
            self.remember(answer);
        }
    }

    fn apply_change(&mut self, commit: Commit, change: Change) {
        match change {
            Change::Create { name, table, schema } => {
                self.names.insert(table, name.clone());
                self.collections.insert(name.clone(), Collection::created(name, table, schema, commit));
            }
            Change::Drop { name } => {
                if let Some(gone) = self.collections.remove(&name) {
                    self.names.remove(&gone.table);
                    self.dropped.push(Gone { table: gone.table, created_commit: gone.created_commit });
                }
            }
            Change::Upsert { table, rows } => {
                self.marks.written += rows.iter().map(|row| u64::from(row.bytes)).sum::<u64>();
                if let Some(collection) = self.by_table(table) {
                    rows.into_iter().for_each(|row| collection.upsert(row, commit));
                }
            }
            Change::Delete { table, ids } => {
                if let Some(collection) = self.by_table(table) {
                    ids.iter().for_each(|id| collection.delete(id));
                }
            }
            Change::Mark(mark) => self.marks.apply(mark, commit),
            Change::Rewind(rewound) => self.rewind(commit, rewound),
            Change::Erase(op) => self.erase(commit, op),
        }
    }

    pub(super) fn collection(&self, table: TableId) -> Option<&Collection> {
        self.collections.get(self.names.get(&table)?)
    }

    /// The table versions that the collections are at.
    pub(super) fn versions(&self) -> Vec<(TableId, u64)> {
        let frozen = self.frozen.iter().flat_map(|f| &f.collections).map(|c| (c.table, c.version));
        let live = self.collections.values().map(|c| (c.table, c.version));
        frozen.chain(live).filter_map(|(table, version)| Some((table, version?))).collect()
    }

    pub(super) fn by_table(&mut self, table: TableId) -> Option<&mut Collection> {
        let name = self.names.get(&table)?;
        self.collections.get_mut(name)
    }

    fn remember(&mut self, answer: Answer) {
        self.answer_bytes += answer.body.len() + ANSWER_OVERHEAD;
        if let Some(old) = self.answers.insert(answer.scope_key, answer) {
            self.answer_bytes -= old.body.len() + ANSWER_OVERHEAD;
        }
    }

    /// Empties the bodies of all answers. Says of how many.
    pub(super) fn empty_answers(&mut self) -> u64 {
        let bodies = self.answers.values_mut().map(|answer| std::mem::take(&mut answer.body));
        let emptied = bodies.filter(|body| !body.is_empty()).count() as u64;
        self.answer_bytes = self.answers.len() * ANSWER_OVERHEAD;
        emptied
    }

    /// Forgets answers from before `before_ms`.
    pub(super) fn forget_answers(&mut self, before_ms: i64) {
        self.answers.retain(|_, answer| answer.at_ms >= before_ms);
        self.answer_bytes = self.answers.values().map(|a| a.body.len() + ANSWER_OVERHEAD).sum();
    }

    /// Collections whose writes are set aside, and the bytes of these.
    pub(super) fn aside(&self) -> (usize, usize) {
        let aside = self.collections.values().filter(|c| c.is_set_aside().is_some());
        aside.fold((0, 0), |(collections, bytes), c| (collections + 1, bytes + c.aside_bytes()))
    }

    /// Whether the next fold knows nothing that the root does not say, and is there for what is set aside.
    pub(super) fn only_tries_again(&self) -> bool {
        let changed = self.frozen.as_ref().map_or(self.changed, |frozen| frozen.changed);
        !changed && self.aside().0 > 0
    }

    /// Rows and tombstones that are not folded, and their bytes.
    pub(super) fn memtable_size(&self) -> (usize, usize) {
        self.collections.values().fold((0, 0), |(rows, bytes), c| {
            let (more_rows, more_bytes) = c.memtable_size();
            (rows + more_rows, bytes + more_bytes)
        })
    }

    /// Freezes everything since the root, unless a frozen part is still waiting.
    pub(super) fn freeze(&mut self) -> Arc<Freeze> {
        if let Some(frozen) = &self.frozen {
            return Arc::clone(frozen);
        }
        let frozen = Arc::new(Freeze {
            commit: self.commit,
            changed: self.changed,
            usage: self.usage.clone(),
            answers: self.answers.values().cloned().collect(),
            marks: self.marks.clone(),
            collections: self.collections.values_mut().map(Collection::freeze).collect(),
            dropped: std::mem::take(&mut self.dropped),
        });
        self.changed = false;
        self.frozen = Some(Arc::clone(&frozen));
        frozen
    }
}
