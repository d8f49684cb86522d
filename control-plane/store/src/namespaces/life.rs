//! What may follow what in the life of a namespace. This is the one place that says so; it is asked under the lock of
//! the namespace's row.
//!
//! ```text
//!  creating ──node serves──▶ ready
//!     ▲  │                     │
//!     │  └──────suspend────────┤          delete from any of the three
//!   resume (the last)          ▼                 │
//!     └────────────────── suspended              ▼
//!     ▲                        ▲             deleting ──grace over──▶ purging ──data gone──▶ deleted
//!     └───────undelete─────────┴─────────────────┘
//! ```

use std::collections::BTreeSet;

use agentdb_control_plane_contract::Suspension;
use chrono::{DateTime, Utc};

use crate::StoreError;

/// Where a namespace is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamespaceStatus {
    /// No node has said yet that it serves it.
    Creating,
    /// A node answers for it.
    Ready,
    /// A node holds its data and refuses requests.
    Suspended,
    /// Gone for data requests, but its data are kept and it can be had back.
    Deleting,
    /// Gone for good; its data are being removed.
    Purging,
    /// Over; nothing of it is left.
    Deleted,
}

impl NamespaceStatus {
    /// All that there are, in the order of a life.
    pub const ALL: [Self; 6] =
        [Self::Creating, Self::Ready, Self::Suspended, Self::Deleting, Self::Purging, Self::Deleted];

    /// The name in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Ready => "ready",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
            Self::Purging => "purging",
            Self::Deleted => "deleted",
        }
    }

    /// Whether it takes up a place and has its name for itself.
    #[must_use]
    pub const fn is_living(self) -> bool {
        matches!(self, Self::Creating | Self::Ready | Self::Suspended)
    }

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| StoreError::corrupt(format!("status `{text}`")))
    }

    /// What the node that has the namespace does with it, as its assignment says.
    pub(super) const fn assignment_state(self) -> &'static str {
        match self {
            Self::Creating | Self::Ready => "serve",
            Self::Suspended => "suspend",
            Self::Deleting => "retain",
            Self::Purging | Self::Deleted => "delete",
        }
    }
}

/// Since when a namespace is deleted, and until when it can be had back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The end of the grace.
    pub purge_after: DateTime<Utc>,
}

/// All that decides what may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceLife {
    /// Where it is.
    pub status: NamespaceStatus,
    /// On whose behalf it is suspended, or will be when it is had back.
    pub suspended_by: BTreeSet<Suspension>,
    /// Of one that is not living.
    pub deletion: Option<Deletion>,
}

/// What happens to a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeEvent {
    /// Its node says that it serves it.
    NodeServes,
    /// Requests are to be refused.
    Suspend(Suspension),
    /// Who had requests refused wants it no longer.
    Resume(Suspension),
    /// Its organisation does not want it any more.
    Delete(Deletion),
    /// Its organisation wants it back.
    Undelete,
    /// The end of the grace may have come.
    PassTime(DateTime<Utc>),
    /// Its organisation does not want to wait for the end of the grace.
    Purge,
    /// Its node says that the data are gone.
    NodeErased,
}

/// Why something cannot happen to a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LifeRefusal {
    /// It is deleted, and can be had back first.
    #[error("the namespace is deleted")]
    Deleted,
    /// It is deleted for good.
    #[error("the namespace is deleted for good")]
    Gone,
    /// Only what is deleted is purged.
    #[error("the namespace is not deleted")]
    NotDeleted,
    /// Somebody else wants it suspended.
    #[error("the namespace is suspended by the {}", .0.as_str())]
    HeldBy(Suspension),
}

impl NamespaceLife {
    /// That of a new namespace.
    #[must_use]
    pub const fn begin() -> Self {
        Self { status: NamespaceStatus::Creating, suspended_by: BTreeSet::new(), deletion: None }
    }

    /// What `event` makes of it: the same again when it changes nothing.
    ///
    /// # Errors
    /// When it cannot happen.
    pub fn after(&self, event: LifeEvent) -> Result<Self, LifeRefusal> {
        use NamespaceStatus::{Creating, Deleted, Deleting, Purging, Ready};
        let mut next = self.clone();
        match event {
            LifeEvent::NodeServes if self.status == Creating => next.status = Ready,
            LifeEvent::NodeErased if self.status == Purging => next.status = Deleted,
            LifeEvent::NodeServes | LifeEvent::NodeErased => {}
            LifeEvent::Suspend(by) => next.suspend(by)?,
            LifeEvent::Resume(by) => next.resume(by)?,
            LifeEvent::Delete(deletion) if self.status.is_living() => {
                (next.status, next.deletion) = (Deleting, Some(deletion));
            }
            LifeEvent::Delete(_) => {}
            LifeEvent::Undelete => match self.status {
                Deleting => next.live(),
                Purging | Deleted => return Err(LifeRefusal::Gone),
                _ => {}
            },
            LifeEvent::PassTime(now) => {
                if self.status == Deleting && self.deletion.is_some_and(|deletion| deletion.purge_after <= now) {
                    next.status = Purging;
                }
            }
            LifeEvent::Purge => match self.status {
                Deleting => next.status = Purging,
                Purging | Deleted => {}
                _ => return Err(LifeRefusal::NotDeleted),
            },
        }
        Ok(next)
    }

    fn suspend(&mut self, by: Suspension) -> Result<(), LifeRefusal> {
        self.may_be_held(by)?;
        self.suspended_by.insert(by);
        if self.status.is_living() {
            self.status = NamespaceStatus::Suspended;
        }
        Ok(())
    }

    fn resume(&mut self, by: Suspension) -> Result<(), LifeRefusal> {
        self.may_be_held(by)?;
        if by == Suspension::Organization
            && let Some(other) = self.suspended_by.iter().rev().find(|other| **other != by)
        {
            return Err(LifeRefusal::HeldBy(*other));
        }
        if self.suspended_by.remove(&by) && self.status.is_living() {
            self.live();
        }
        Ok(())
    }

    /// Refuses when nobody can suspend or resume it. Those who run the service hold also what is deleted.
    fn may_be_held(&self, by: Suspension) -> Result<(), LifeRefusal> {
        match self.status {
            NamespaceStatus::Purging | NamespaceStatus::Deleted => Err(LifeRefusal::Gone),
            NamespaceStatus::Deleting if by == Suspension::Organization => Err(LifeRefusal::Deleted),
            _ => Ok(()),
        }
    }

    /// Served again once a node says so, unless somebody wants it suspended.
    fn live(&mut self) {
        self.deletion = None;
        self.status = if self.suspended_by.is_empty() { NamespaceStatus::Creating } else { NamespaceStatus::Suspended };
    }
}

#[cfg(test)]
mod tests;
