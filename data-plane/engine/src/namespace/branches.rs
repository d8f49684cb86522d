//! Branches: namespaces of their own that begin as this one was at a commit, without a copy of its rows.
//!
//! A branch has its own log, checkpoints and tables under `branches/<id>` of the namespace's prefix, and is opened by
//! [`Namespace::open`] on that. Its tables begin as shallow clones: manifests that name files of this namespace's tables,
//! which stay as long as the branch does. The branch is there when its entry is in the log; what is under a prefix that
//! no entry names is removed.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use uuid::Uuid;

use super::Namespace;
use super::collection::FrozenCollection;
use super::errors::{ReadError, TimeError, WriteError};
use super::folding::{FoldMemory, Pin};
use super::past::PastState;
use super::rewind;
use super::shared::Shared;
use super::snapshots::{Moment, check_name};
use super::types::{Commit, Committed, WriteMeta};
use crate::catalog::{BranchMark, Checkpoint, FoldedTable, Mark, Marks, Moved, Roots};
use crate::log::{Log, Op};
use crate::store::Store;
use crate::table::{FoldInput, TableFiles};

/// Tables cloned at the same time.
const PARALLEL: usize = 8;

/// A branch of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name, unique in the namespace.
    pub name: String,
    /// What [`Namespace::open`] takes to open it.
    pub prefix: String,
    /// The commit it begins with. Its own commits go on from there.
    pub commit: Commit,
    /// When it was made.
    pub created: DateTime<Utc>,
}

impl Namespace {
    /// Makes a branch of this namespace as it was at `from`, or as it is. At most [`crate::Config::max_branches`].
    /// Usage and answers of idempotent requests are not in it; neither sees what the other writes.
    ///
    /// # Errors
    /// When the name is taken or not valid, there are too many, or the moment cannot be read.
    pub async fn create_branch(&self, name: &str, from: Option<&Moment>, meta: WriteMeta) -> Result<Branch, TimeError> {
        check_name("branch", name)?;
        let shared = &self.shared;
        // Nothing that the branch needs goes meanwhile.
        let mut memory = shared.folding.lock().await;
        sweep(shared, &memory).await;
        if self.done_before(&meta)?.is_some() {
            return self.branch(name);
        }
        let commit = match from {
            Some(from) => self.commit_of(from).await?,
            None => self.commit(),
        };
        let past = self.at_commit(commit).await?;
        let id = uuid::Builder::from_random_bytes(shared.environment.entropy.nonce()).into_uuid();
        let prefix = prefix(shared, id);
        let (tables, pinned) = clone_tables(shared, &past, &prefix).await?;
        begin(shared, &past, &prefix, tables).await?;
        let mark = BranchMark { id, commit, at_ms: shared.now_ms(), tables: pinned.clone() };
        memory.pins.push(Pin { commit: None, tables: pinned, branch: Some(id) });
        let written = self.submit_mark(Mark::Branch { name: name.to_owned(), branch: mark }, meta).await;
        // One that is in doubt stays pinned as long as the namespace is open.
        if !matches!(written, Err(WriteError::Unavailable(_))) {
            memory.pins.pop();
        }
        if let Err(error) = written {
            sweep(shared, &memory).await;
            return Err(error.into());
        }
        self.branch(name)
    }

    fn branch(&self, name: &str) -> Result<Branch, TimeError> {
        self.branches()?.into_iter().find(|branch| branch.name == name).ok_or(TimeError::NoSuchBranch)
    }

    /// The branches, by name.
    ///
    /// # Errors
    /// When the namespace no longer serves.
    pub fn branches(&self) -> Result<Vec<Branch>, ReadError> {
        let branch = |(name, branch): (&String, &BranchMark)| Branch {
            name: name.clone(),
            prefix: prefix(&self.shared, branch.id),
            commit: branch.commit,
            created: DateTime::from_timestamp_millis(branch.at_ms).unwrap_or_default(),
        };
        let all = self.shared.state.read().marks.branches.iter().map(branch).collect();
        self.shared.may_answer()?;
        Ok(all)
    }

    /// Deletes a branch with all that was written to it. Close it first: whoever has it open finds it gone.
    ///
    /// # Errors
    /// [`TimeError::NoSuchBranch`]; [`TimeError::HasBranches`] while there are branches of the branch.
    pub async fn delete_branch(&self, name: &str, meta: WriteMeta) -> Result<Committed, TimeError> {
        let shared = &self.shared;
        let memory = shared.folding.lock().await;
        if let Some(done) = self.done_before(&meta)? {
            return Ok(done);
        }
        let branch = self.branch(name)?;
        let names = branches_of(&shared.store, &branch.prefix).await?;
        if !names.is_empty() {
            shared.may_answer()?;
            return Err(TimeError::HasBranches { names });
        }
        let done = self.submit_mark(Mark::DropBranch { name: name.to_owned() }, meta).await?;
        sweep(shared, &memory).await;
        Ok(self.acknowledge(done)?)
    }
}

fn prefix(shared: &Shared, id: Uuid) -> String {
    format!("{}/branches/{}", shared.prefix, id.simple())
}

/// The branch's tables, and the versions of this namespace's tables that they share files with.
async fn clone_tables(shared: &Arc<Shared>, past: &PastState, prefix: &str) -> Result<Cloned, TimeError> {
    let files = TableFiles::new(&shared.store, prefix);
    let frozen = rewind::freeze(past).await?;
    let clones: Vec<_> = frozen.collections.iter().map(|collection| clone(shared, collection, &files)).collect();
    let tables: Vec<FoldedTable> = futures::stream::iter(clones).buffered(PARALLEL).try_collect().await?;
    let shares = frozen.collections.iter().filter_map(|c| Some((c.table, c.version?)));
    Ok((tables, shares.collect()))
}

type Cloned = (Vec<FoldedTable>, Vec<(crate::catalog::TableId, u64)>);

async fn clone(shared: &Shared, collection: &FrozenCollection, files: &TableFiles) -> Result<FoldedTable, TimeError> {
    let mut version = None;
    if let Some(of) = collection.version {
        let cloned = shared.tables.clone_to(files, collection.table, of).await;
        version = Some(cloned.map_err(|e| TimeError::Unavailable(e.to_string()))?);
    }
    if !collection.memtable.is_empty() {
        let input = FoldInput { known_version: version, ..collection.input() };
        version = rewind::in_table(shared, files, &input).await?;
    }
    Ok(collection.in_table(version))
}

/// Creates the branch's first checkpoint.
async fn begin(shared: &Shared, past: &PastState, prefix: &str, tables: Vec<FoldedTable>) -> Result<(), TimeError> {
    let last_ms = past.shared().state.read().marks.last_ms;
    let live = tables.iter().map(|table| table.totals.bytes).sum();
    let mut checkpoint = Checkpoint {
        sequence: 1,
        writer_id: Uuid::nil(),
        generation: 0,
        nonce: shared.environment.entropy.nonce(),
        at_ms: shared.now_ms(),
        folded_commit: past.commit(),
        tables,
        usage: Vec::new(),
        answers: Vec::new(),
        dropped: Vec::new(),
        marks: Marks { last_ms, written: live, is_branch: true, ..Marks::default() },
        kept: Vec::new(),
    };
    checkpoint.kept.push(checkpoint.as_kept());
    match Roots::new(&shared.store, prefix).create(&checkpoint).await? {
        Moved::Ours => Ok(()),
        Moved::Taken(_) => Err(TimeError::Unavailable("the branch's prefix is taken".to_owned())),
    }
}

/// The names of the branches of a namespace that is not open here.
async fn branches_of(store: &Store, prefix: &str) -> Result<Vec<String>, TimeError> {
    let root = Roots::new(store, prefix).latest().await?;
    let (mut marks, folded) = root.map_or_else(Default::default, |root| (root.marks, root.folded_commit));
    let log = Log::new(store, prefix);
    let commits = log.commits_after(folded).await?;
    let mut entries = std::pin::pin!(log.read_all(commits));
    while let Some((commit, entry)) = entries.try_next().await? {
        for op in entry.into_iter().flat_map(|entry| entry.body.into_ops()) {
            if let Op::Mark(mark) = op {
                marks.apply(mark, commit);
            }
        }
    }
    Ok(marks.branches.into_keys().collect())
}

/// Removes what is under prefixes that no branch has: of deleted ones, and of those that were not finished. What
/// cannot be removed goes another time.
pub(super) async fn sweep(shared: &Shared, memory: &FoldMemory) {
    if let Err(error) = try_sweep(shared, memory).await {
        tracing::warn!(%error, "what branches have left could not be removed; a later sweep tries again");
    }
}

pub(super) async fn try_sweep(shared: &Shared, memory: &FoldMemory) -> Result<(), TimeError> {
    let unavailable = |error: object_store::Error| TimeError::Unavailable(error.to_string());
    let objects = shared.store.objects();
    let all = shared.store.path(&format!("{}/branches", shared.prefix));
    let found = objects.list_with_delimiter(Some(&all)).await.map_err(unavailable)?.common_prefixes;
    if found.is_empty() {
        return Ok(());
    }
    let known: HashSet<String> = {
        let state = shared.state.read();
        let live = state.marks.branches.values().map(|branch| branch.id);
        let in_doubt = memory.pins.iter().filter_map(|pin| pin.branch);
        live.chain(in_doubt).map(|id| id.simple().to_string()).collect()
    };
    let left: Vec<Path> = found.into_iter().filter(|p| p.filename().is_some_and(|id| !known.contains(id))).collect();
    let mut files: Vec<Path> = Vec::new();
    for prefix in left {
        files.extend(
            objects
                .list(Some(&prefix))
                .map_ok(|meta| meta.location)
                .try_collect::<Vec<_>>()
                .await
                .map_err(unavailable)?,
        );
    }
    if files.is_empty() {
        return Ok(());
    }
    // Asked after the listing: a branch of another owner that is among them was made after that owner came.
    let owner = shared.still_owner().await.map_err(|error| TimeError::Unavailable(error.to_string()))?;
    if !owner {
        return Err(ReadError::Fenced.into());
    }
    // The checkpoints last: without one a branch opens as an empty namespace.
    files.sort_unstable_by_key(|file| file.as_ref().contains("/checkpoint/"));
    for file in files {
        match objects.delete(&file).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(unavailable(error)),
        }
    }
    Ok(())
}
