//! Snapshots: names for commits that stay readable until they are deleted. And moments: the ways to name a commit.

use chrono::{DateTime, Utc};

use super::Namespace;
use super::draft::{PendingOp, Refused};
use super::errors::{ReadError, TimeError, WriteError};
use super::folding::Pin;
use super::types::{Commit, Committed, WriteMeta};
use crate::catalog::{Mark, SnapshotMark};
use crate::schema::valid_collection_name;

/// A way to name a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// By its number.
    Commit(Commit),
    /// The commit of a snapshot.
    Snapshot(String),
    /// The newest commit written at or before a time, by the clocks of the writers.
    Time(DateTime<Utc>),
}

/// A commit that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name, unique in the namespace.
    pub name: String,
    /// The commit.
    pub commit: Commit,
    /// When the snapshot was made.
    pub created: DateTime<Utc>,
}

impl Namespace {
    /// The commit that a moment names.
    ///
    /// # Errors
    /// [`TimeError::NoSuchSnapshot`], [`TimeError::TooEarly`]. A commit's number is not checked here.
    pub async fn commit_of(&self, moment: &Moment) -> Result<Commit, TimeError> {
        match moment {
            Moment::Commit(commit) => Ok(*commit),
            Moment::Time(time) => self.commit_at(*time).await,
            Moment::Snapshot(name) => {
                let found = self.shared.state.read().marks.snapshots.get(name).map(|s| s.commit);
                self.shared.may_answer()?;
                found.ok_or(TimeError::NoSuchSnapshot)
            }
        }
    }

    /// Keeps a commit readable under a name until [`Namespace::delete_snapshot`], however short the history:
    /// that of `moment`, or the one of this very request. At most [`crate::Config::max_snapshots`].
    ///
    /// # Errors
    /// When the name is taken or not valid, there are too many, or the commit cannot be read.
    pub async fn create_snapshot(
        &self,
        name: &str,
        moment: Option<&Moment>,
        meta: WriteMeta,
    ) -> Result<Committed, TimeError> {
        check_name("snapshot", name)?;
        let name = name.to_owned();
        let Some(moment) = moment else {
            return Ok(self.submit_mark(Mark::Snapshot { name, commit: None, at_ms: 0 }, meta).await?);
        };
        // The commit need not be there any more.
        if let Some(done) = self.done_before(&meta)? {
            return Ok(done);
        }
        // Nothing is trimmed while the commit is looked at and its entry is on its way.
        let mut memory = self.shared.folding.lock().await;
        let commit = self.commit_of(moment).await?;
        self.at_commit(commit).await?;
        memory.pins.push(Pin { commit: Some(commit), tables: Vec::new(), branch: None });
        let written = self.submit_mark(Mark::Snapshot { name, commit: Some(commit), at_ms: 0 }, meta).await;
        // One that is in doubt stays pinned as long as the namespace is open.
        if !matches!(written, Err(WriteError::Unavailable(_))) {
            memory.pins.pop();
        }
        Ok(written?)
    }

    /// The snapshots, by name.
    ///
    /// # Errors
    /// When the namespace no longer serves.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, ReadError> {
        let snapshot = |(name, snapshot): (&String, &SnapshotMark)| Snapshot {
            name: name.clone(),
            commit: snapshot.commit,
            created: DateTime::from_timestamp_millis(snapshot.at_ms).unwrap_or_default(),
        };
        let all = self.shared.state.read().marks.snapshots.iter().map(snapshot).collect();
        self.shared.may_answer()?;
        Ok(all)
    }

    /// Deletes a snapshot. What only it kept goes with a later fold.
    ///
    /// # Errors
    /// [`TimeError::NoSuchSnapshot`].
    pub async fn delete_snapshot(&self, name: &str, meta: WriteMeta) -> Result<Committed, TimeError> {
        if meta.idempotency.is_none() && !self.shared.state.read().marks.snapshots.contains_key(name) {
            self.shared.may_answer()?;
            return Err(TimeError::NoSuchSnapshot);
        }
        Ok(self.submit_mark(Mark::DropSnapshot { name: name.to_owned() }, meta).await?)
    }

    pub(super) async fn submit_mark(&self, mark: Mark, meta: WriteMeta) -> Result<Committed, WriteError> {
        let bytes = mark.bytes();
        self.submit(PendingOp::Mark(mark), meta, bytes).await.map_err(Refused::into_error)
    }
}

pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), WriteError> {
    if valid_collection_name(name) {
        return Ok(());
    }
    let why = "must be 1 to 128 letters, digits, _, - or ., beginning with a letter or digit".to_owned();
    Err(WriteError::BadRequest { field, why })
}
