//! The end of the time in which a deleted namespace can be had back.

use agentdb_control_plane_store::{AuditAction, AuditDetails, AuditTarget, LifeEvent, NamespaceMove, StoreError};
use agentdb_ids::{NamespaceId, OrgId};

use crate::{audit::Audit, state::App};

/// The most namespaces that one run purges.
const BATCH: i64 = 100;

/// Lets namespaces whose grace is over be removed by their nodes, at most a hundred a run. How many. Running it twice, or
/// at once with itself or with somebody who wants one back, is decided by the lock of each namespace's row.
pub(super) async fn end(app: &App) -> Result<usize, StoreError> {
    let mut purged = 0;
    for (org_id, id) in app.jobs.namespaces_past_grace(app.now(), BATCH).await? {
        purged += usize::from(end_one(app, org_id, id).await?);
    }
    Ok(purged)
}

async fn end_one(app: &App, org_id: OrgId, id: NamespaceId) -> Result<bool, StoreError> {
    let now = app.now();
    let mut org = app.stores.org(org_id).await?;
    org.lock_organization().await?;
    let moved = org.move_namespace(id, LifeEvent::PassTime(now), None, now).await?;
    // Had back meanwhile, or purged by somebody else.
    let Some(NamespaceMove::Made(record)) = moved else { return Ok(false) };
    let (target, details) = (AuditTarget::of(id, &record.name), AuditDetails::default());
    org.record(&Audit::of_the_service().done(app, AuditAction::NamespacePurge, &target, &details)).await?;
    org.commit().await?;
    tracing::info!(organization = %org_id, namespace = %id, "the grace of a deleted namespace is over");
    Ok(true)
}
