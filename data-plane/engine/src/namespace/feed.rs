//! The change feed: the log read in order, from any commit that its history still holds.
//!
//! A feed holds nothing of what it has yet to deliver, so a slow reader costs no memory: it reads from the log, and
//! is cut off, and told so, when the history moves past it. What it delivers was durable and applied before.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::Namespace;
use super::errors::{FeedError, ReadError};
use super::history::whole_from;
use super::shared::{Shared, refuse_unless_serving};
use super::types::Commit;
use crate::catalog::{Checkpoint, Kept, TableId};
use crate::log::{Body, Entry, EraseOp, Follower, LoggedWrite, Op};
use crate::schema::{Record, Schema};
use crate::search::Include;

/// What happened to one thing in one commit.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A collection was created.
    Created {
        /// Its name.
        collection: Arc<str>,
        /// Its schema.
        schema: Arc<Schema>,
    },
    /// A collection was dropped with all its records.
    Dropped {
        /// Its name.
        collection: Arc<str>,
    },
    /// A record was written; whatever was there under its id is replaced.
    Upserted {
        /// The collection's name.
        collection: Arc<str>,
        /// The record as it is after the commit, with the columns asked for.
        record: Record,
    },
    /// A record was deleted, or there was none of this id.
    Deleted {
        /// The collection's name.
        collection: Arc<str>,
        /// The record's id.
        id: Box<str>,
    },
    /// All collections are again what they were at an older commit; [`Namespace::at_commit`] reads that.
    Rewound {
        /// The older commit.
        to: Commit,
    },
}

/// All that one commit changed, in the order in which it was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// The commit; the place to resume after.
    pub commit: Commit,
    /// When it was written, in milliseconds since the Unix epoch by the writer's clock.
    pub at_ms: i64,
    /// The changes. Never empty.
    pub changes: Vec<Change>,
}

/// A subscription, in commit order, without gaps and without repetition.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    log: Follower,
    applied: watch::Receiver<Commit>,
    /// Everything up to here was delivered.
    delivered: Commit,
    include: Include,
    tables: Tables,
}

/// The collections as they are at a commit, by table.
#[derive(Debug, Default)]
struct Tables(HashMap<TableId, (Arc<str>, Arc<Schema>)>);

impl Namespace {
    /// Follows the changes after commit `after`; [`Namespace::commit`] for those to come, 0 for all since the beginning.
    /// `include` says which columns the records carry.
    ///
    /// # Errors
    /// [`FeedError::Gone`] when the history no longer reaches back to `after`; [`FeedError::Ahead`] when there is no such
    /// commit yet.
    pub async fn changes(&self, after: Commit, include: Include) -> Result<Feed, FeedError> {
        let shared = &self.shared;
        // Before anything is looked at, so that the newest entries are kept from here on.
        let log = shared.log.follow();
        let applied = shared.applied.subscribe();
        let known = {
            let state = shared.state.read();
            refuse_unless_serving(&state)?;
            if after > state.commit {
                return Err(FeedError::Ahead { after, newest: state.commit });
            }
            (after == state.commit).then(|| Tables::of(&state))
        };
        let tables = match known {
            Some(tables) => tables,
            None => tables_at(shared, after).await?,
        };
        Ok(Feed { shared: Arc::clone(shared), log, applied, delivered: after, include, tables })
    }
}

impl Feed {
    /// Everything up to this commit was delivered: where to go on.
    #[must_use]
    pub fn delivered(&self) -> Commit {
        self.delivered
    }

    /// The next commit that changed something. Waits for one when all were delivered. Safe to drop while it waits.
    ///
    /// # Errors
    /// [`FeedError::Gone`] when this reader was so slow that the history moved past it; [`FeedError::Stopped`] when the
    /// namespace is served here no more. Either ends the feed.
    pub async fn next(&mut self) -> Result<Changes, FeedError> {
        loop {
            let newest = self.wait().await?;
            while self.delivered < newest {
                let commit = self.delivered + 1;
                let entry = self.log.read(commit).await?.filter(|entry| !entry.body.is_erased());
                let Some(entry) = entry.filter(|_| self.is_kept(commit)) else { return Err(self.gone(commit)) };
                let changes = self.tables.changes(&entry, self.include);
                // The owner may have changed while the entry was read.
                self.shared.may_answer()?;
                self.delivered = commit;
                if !changes.is_empty() {
                    return Ok(Changes { commit, at_ms: entry.at_ms, changes });
                }
            }
        }
    }

    /// The last applied commit, which is one after those delivered.
    async fn wait(&mut self) -> Result<Commit, FeedError> {
        loop {
            let newest = *self.applied.borrow_and_update();
            refuse_unless_serving(&self.shared.state.read())?;
            if newest > self.delivered {
                return Ok(newest);
            }
            tokio::select! {
                () = self.shared.cancel.cancelled() => {
                    refuse_unless_serving(&self.shared.state.read())?;
                    // A handle that was dropped has not said that it serves no more.
                    return Err(FeedError::Stopped(ReadError::Closed));
                }
                changed = self.applied.changed() => if changed.is_err() { return Err(FeedError::Stopped(ReadError::Closed)) },
            }
        }
    }

    /// Whether an entry that was read is that of the history: in the place of one that was trimmed, somebody may have
    /// put another who had the namespace long ago and slept.
    fn is_kept(&self, commit: Commit) -> bool {
        commit > whole_from(self.shared.state.read().kept())
    }

    fn gone(&self, commit: Commit) -> FeedError {
        tracing::debug!(commit, "a slow reader of the feed was cut off");
        FeedError::Gone { after: self.delivered }
    }
}

/// The collections at commit `after`: those of a checkpoint before it, and what the log changed since.
async fn tables_at(shared: &Shared, after: Commit) -> Result<Tables, FeedError> {
    let mut tried: Option<(Kept, Option<Tables>)> = None;
    loop {
        // What comes after a checkpoint that is kept for a snapshot alone is not all there.
        let unpinned = |kept: &&Kept| !kept.pinned && kept.folded_commit <= after;
        let base = shared.state.read().kept().iter().rfind(unpinned).copied();
        let base = base.ok_or(FeedError::Gone { after })?;
        match tried {
            // All of it was kept while it was read.
            Some((before, tables)) if before == base => return tables.ok_or(FeedError::Gone { after }),
            // The first time, or a fold has trimmed meanwhile.
            _ => tried = Some((base, tables_from(shared, base, after).await?)),
        }
    }
}

/// `None` when something is not there any more.
async fn tables_from(shared: &Shared, base: Kept, after: Commit) -> Result<Option<Tables>, FeedError> {
    let mut tables = match base.sequence {
        0 => Tables::default(),
        sequence => match shared.roots.read(sequence).await? {
            Some(checkpoint) => Tables::folded(checkpoint),
            None => return Ok(None),
        },
    };
    for commit in base.folded_commit + 1..=after {
        let entry = shared.log.read(commit).await?.filter(|entry| !entry.body.is_erased());
        let Some(entry) = entry else { return Ok(None) };
        tables.follow(&entry);
    }
    Ok(Some(tables))
}

impl Tables {
    fn of(state: &super::state::State) -> Self {
        let collections = state.collections.values();
        Self(collections.map(|c| (c.table, (Arc::from(c.name.as_str()), Arc::clone(&c.schema)))).collect())
    }

    fn folded(checkpoint: Checkpoint) -> Self {
        let tables = checkpoint.tables.into_iter();
        Self(tables.map(|t| (t.table, (Arc::from(t.name), Arc::new(t.schema)))).collect())
    }

    /// Brings the tables to the commit of an entry.
    fn follow(&mut self, entry: &Entry) {
        for op in operations(entry) {
            self.follow_one(op);
        }
    }

    fn follow_one(&mut self, op: &Op) {
        match op {
            Op::Create { name, table, schema } => {
                self.0.insert(*table, (Arc::from(name.as_str()), Arc::new(schema.clone())));
            }
            Op::Drop { name } => self.0.retain(|_, (known, _)| **known != **name),
            Op::Rewind { tables, .. } => {
                let tables = tables.iter();
                self.0 = tables.map(|t| (t.table, (Arc::from(t.name.as_str()), Arc::new(t.schema.clone())))).collect();
            }
            Op::Erase(EraseOp { name, ids: None, .. }) => self.0.retain(|_, (known, _)| **known != **name),
            Op::Upsert { .. } | Op::Delete { .. } | Op::Mark(_) | Op::Erase(_) => {}
        }
    }

    /// What an entry changed; brings the tables to its commit.
    fn changes(&mut self, entry: &Entry, include: Include) -> Vec<Change> {
        let mut changes = Vec::new();
        for op in operations(entry) {
            match op {
                Op::Create { name, schema, .. } => {
                    let (collection, schema) = (Arc::from(name.as_str()), Arc::new(schema.clone()));
                    changes.push(Change::Created { collection, schema });
                }
                Op::Drop { name } => changes.push(Change::Dropped { collection: Arc::from(name.as_str()) }),
                Op::Upsert { table, rows } => {
                    let Some((collection, schema)) = self.0.get(table) else { continue };
                    changes.extend(rows.iter().map(|row| Change::Upserted {
                        collection: Arc::clone(collection),
                        record: row.to_record(schema, include),
                    }));
                }
                Op::Delete { table, ids } => {
                    let Some((collection, _)) = self.0.get(table) else { continue };
                    let ids = ids.iter().cloned();
                    changes.extend(ids.map(|id| Change::Deleted { collection: Arc::clone(collection), id }));
                }
                Op::Rewind { to, .. } => changes.push(Change::Rewound { to: *to }),
                Op::Erase(EraseOp { name, ids, .. }) => {
                    let collection: Arc<str> = Arc::from(name.as_str());
                    match ids {
                        Some(ids) => changes.extend(
                            ids.iter()
                                .map(|id| Change::Deleted { collection: Arc::clone(&collection), id: id.clone() }),
                        ),
                        None => changes.push(Change::Dropped { collection }),
                    }
                }
                Op::Mark(_) => {}
            }
            self.follow_one(op);
        }
        changes
    }
}

fn operations(entry: &Entry) -> impl Iterator<Item = &Op> {
    let writes: &[LoggedWrite] = match &entry.body {
        Body::Generation | Body::Erased => &[],
        Body::Writes(writes) => writes,
    };
    writes.iter().flat_map(|write| &write.ops)
}
