//! Log entries into changes of the state.

use std::collections::HashMap;
use std::sync::Arc;

use super::rewind::Rewound;
use super::state::{Change, DurableWrite, State};
use crate::log::{Body, Entry, LoggedWrite, Op};
use crate::memtable::MemRow;

impl State {
    /// As [`State::replay`], off the async threads: texts are analysed again, which takes a while.
    pub(super) async fn replay_off_thread(mut self, entry: Entry) -> Result<Self, String> {
        let work = move || {
            self.replay(entry);
            self
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| e.to_string())
    }

    /// Applies an entry read from the log.
    pub(super) fn replay(&mut self, entry: Entry) {
        let (commit, at_ms) = (entry.commit, entry.at_ms);
        match entry.body {
            Body::Generation | Body::Erased => self.apply(commit, at_ms, Vec::new()),
            Body::Writes(writes) => {
                // One by one, for a write may need the collection that the one before it created.
                for write in writes {
                    let durable = self.durable(write);
                    self.apply_write(commit, durable);
                }
                self.apply(commit, at_ms, Vec::new());
            }
        }
    }

    fn durable(&self, write: LoggedWrite) -> DurableWrite {
        let change = |op| match op {
            Op::Create { name, table, schema } => Change::Create { name, table, schema: Arc::new(schema) },
            Op::Drop { name } => Change::Drop { name },
            Op::Delete { table, ids } => Change::Delete { table, ids },
            Op::Mark(mark) => Change::Mark(mark),
            Op::Erase(op) => Change::Erase(op),
            Op::Rewind { to, tables } => Change::Rewind(Rewound { to, tables, images: HashMap::new() }),
            Op::Upsert { table, rows } => {
                let schema =
                    self.names.get(&table).and_then(|n| self.collections.get(n)).map(|c| Arc::clone(&c.schema));
                // Rows of a table that is gone by now are not needed.
                let rows = schema.map_or_else(Vec::new, |schema| {
                    rows.into_iter().map(|row| Arc::new(MemRow::new(row, &schema))).collect()
                });
                Change::Upsert { table, rows }
            }
        };
        DurableWrite { changes: write.ops.into_iter().map(change).collect(), usage: write.usage, answer: write.answer }
    }
}
