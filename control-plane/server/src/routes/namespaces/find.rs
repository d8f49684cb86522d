//! Which namespace a path means: that of an id, or the living one of a name, or the deleted one of a name.

use agentdb_control_plane_store::{NamespaceRecord, OrgTx};
use agentdb_ids::{NamespaceId, check_name};
use agentdb_problem::{Code, Problem};

use crate::{extract::Reach, refusal::store_failed};

/// Whether the text is an id in form. No namespace is named so.
pub(super) fn is_id(called: &str) -> bool {
    called.parse::<NamespaceId>().is_ok()
}

/// The namespace, if the caller reaches it: by name the living one, or else the one that was deleted last.
pub(super) async fn found(org: &mut OrgTx, reach: &Reach, called: &str) -> Result<NamespaceRecord, Problem> {
    if let Some(record) = by_id(org, reach, called).await? {
        return Ok(record);
    }
    reachable(reach, called)?;
    if let Some(living) = org.namespace(called).await.map_err(store_failed)? {
        return Ok(living);
    }
    let deleted = org.deleted_namespaces_of(called, 1).await.map_err(store_failed)?;
    deleted.into_iter().next().ok_or_else(Problem::not_found)
}

/// The namespace, if the caller reaches it: by name the deleted one, or else the living one. Refused when several deleted
/// ones have the name.
pub(super) async fn found_deleted(org: &mut OrgTx, reach: &Reach, called: &str) -> Result<NamespaceRecord, Problem> {
    if let Some(record) = by_id(org, reach, called).await? {
        return Ok(record);
    }
    reachable(reach, called)?;
    let mut deleted = org.deleted_namespaces_of(called, 2).await.map_err(store_failed)?;
    match (deleted.pop(), deleted.is_empty()) {
        (Some(record), true) => Ok(record),
        (Some(_), false) => Err(ambiguous("Several deleted namespaces have this name")),
        (None, _) => org.namespace(called).await.map_err(store_failed)?.ok_or_else(Problem::not_found),
    }
}

/// A name does not say which is meant.
pub(super) fn ambiguous(why: &str) -> Problem {
    let detail = format!("{why}; say which by its id. The list with `status=deleting` has the ids.");
    Problem::new(Code::Conflict, detail)
}

async fn by_id(org: &mut OrgTx, reach: &Reach, called: &str) -> Result<Option<NamespaceRecord>, Problem> {
    let Ok(id) = called.parse::<NamespaceId>() else { return Ok(None) };
    let record = org.namespace_by_id(id).await.map_err(store_failed)?;
    Ok(record.filter(|record| reach.namespaces.matches(&record.name)))
}

fn reachable(reach: &Reach, name: &str) -> Result<(), Problem> {
    if check_name(name).is_ok() && reach.namespaces.matches(name) { Ok(()) } else { Err(Problem::not_found()) }
}
