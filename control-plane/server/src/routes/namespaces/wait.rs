//! Waiting for a node to act by what was said of a namespace.

use std::time::Duration;

use agentdb_control_plane_store::{NamespaceRecord, NamespaceStatus};
use agentdb_ids::OrgId;
use agentdb_problem::Problem;

use crate::{refusal::store_failed, state::App};

/// The longest that a request waits for a node.
const PATIENCE: Duration = Duration::from_secs(5);

/// While waiting, the namespace is looked at this often even if nothing is announced.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The namespace as it is when its node has acted by all that was said of it, or as it is at last when that takes too
/// long.
pub(super) async fn until_settled(
    app: &App,
    org_id: OrgId,
    mut record: NamespaceRecord,
) -> Result<NamespaceRecord, Problem> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut changes = app.changes.subscribe();
    loop {
        // Marked as seen before looking, so that a change while looking wakes at once.
        changes.mark_unchanged();
        let mut org = app.stores.org(org_id).await.map_err(store_failed)?;
        let heard = org.is_namespace_heard(record.id).await.map_err(store_failed)?;
        record = org.namespace_by_id(record.id).await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
        drop(org);
        let settled = heard && record.status() != NamespaceStatus::Creating;
        if settled || tokio::time::Instant::now() >= deadline {
            return Ok(record);
        }
        tokio::select! {
            () = app.stopping.cancelled() => return Ok(record),
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
