//! What one request may change: operations on the records of any collections of a namespace.

use std::collections::BTreeMap;

use super::types::Commit;
use crate::filter::Filter;
use crate::schema::{Record, Value};

/// An operation on records of one collection. All operations of a request are done at one commit or none is; later
/// ones see what earlier ones did.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The collection's name.
    pub collection: String,
    /// What is done.
    pub action: Action,
    /// What must be true of every record that the action names; otherwise nothing of the request is done.
    pub condition: Option<Condition>,
}

/// What an operation does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Writes whole records; each replaces the record of its id.
    Upsert(Vec<Record>),
    /// Changes parts of the records of these ids.
    Patch {
        /// Ids, each with its change.
        patches: Vec<(String, Patch)>,
        /// What is done about ids that have no record.
        missing: Missing,
    },
    /// Removes the records of these ids. Ids that have none are no error.
    Delete(Vec<String>),
    /// Changes nothing: for a condition on records that the request does not write.
    Check(Vec<String>),
    /// Changes the first `limit` records, by id, that pass the filter at the commit.
    PatchWhere {
        /// Which records.
        filter: Filter,
        /// The change.
        patch: Patch,
        /// Records at most, 1..=1000.
        limit: usize,
    },
    /// Removes the first `limit` records, by id, that pass the filter at the commit.
    DeleteWhere {
        /// Which records.
        filter: Filter,
        /// Records at most, 1..=1000.
        limit: usize,
    },
}

/// What must be true of a record at the commit.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// There is none of this id.
    Absent,
    /// There is one of this id.
    Present,
    /// Its last write was at this commit, as [`crate::Namespace::fetch_stored`] tells it, or as the reply to a write of the
    /// record under a condition did. Other writes of a record may share their commit with each other.
    Commit(Commit),
    /// It is there and passes the filter.
    Passes(Filter),
}

/// What a patch does about an id that has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Refuses the whole request.
    #[default]
    Refuse,
    /// Leaves it out, and counts it in [`crate::Committed::missing`].
    Skip,
}

/// A change of parts of a record; the rest stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patch {
    /// Vectors by column; `None` removes one. A record keeps at least one vector if its collection has columns for them.
    pub vectors: BTreeMap<String, Option<Vec<f32>>>,
    /// The text.
    pub text: Edit<String>,
    /// Attributes by name; `None` removes one.
    pub attributes: BTreeMap<String, Option<Value>>,
    /// A JSON merge patch (RFC 7396) of the metadata: members are replaced one by one, null removes one.
    pub metadata: Option<serde_json::Value>,
}

/// A change of one part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// It becomes this.
    Set(T),
}

impl Operation {
    /// Writes whole records.
    #[must_use]
    pub fn upsert(collection: &str, records: Vec<Record>) -> Self {
        Self::new(collection, Action::Upsert(records))
    }

    /// Changes parts of records, all of which must be there.
    #[must_use]
    pub fn patch(collection: &str, patches: Vec<(String, Patch)>) -> Self {
        Self::new(collection, Action::Patch { patches, missing: Missing::Refuse })
    }

    /// Removes records by id.
    #[must_use]
    pub fn delete(collection: &str, ids: Vec<String>) -> Self {
        Self::new(collection, Action::Delete(ids))
    }

    /// Looks at records without changing them; see [`Operation::when`].
    #[must_use]
    pub fn check(collection: &str, ids: Vec<String>, condition: Condition) -> Self {
        Self::new(collection, Action::Check(ids)).when(condition)
    }

    /// Any action without a condition.
    #[must_use]
    pub fn new(collection: &str, action: Action) -> Self {
        Self { collection: collection.to_owned(), action, condition: None }
    }

    /// Done only when this is true of every record that it names.
    #[must_use]
    pub fn when(self, condition: Condition) -> Self {
        Self { condition: Some(condition), ..self }
    }
}
