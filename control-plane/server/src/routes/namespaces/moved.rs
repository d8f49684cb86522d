//! A step in the life of a namespace as an operation asks for it: recorded once, and refused in the API's words.

use agentdb_control_plane_contract::{OrgScope, Permission, Suspension};
use agentdb_control_plane_store::{
    AuditAction, AuditDetails, AuditTarget, LifeEvent, LifeRefusal, NamespaceMove, NamespaceRecord, OrgTx,
};
use agentdb_ids::NamespaceId;
use agentdb_problem::{Code, Problem};

use super::{find::found, wait::until_settled};
use crate::{
    audit::Audit,
    extract::Reach,
    refusal::{require, store_failed},
    state::App,
};

/// What is asked for, and what it is called in the audit log.
pub(super) struct Step<'a> {
    pub event: LifeEvent,
    pub action: AuditAction,
    /// The name that the namespace is to have.
    pub name: Option<&'a str>,
}

/// Makes the step and records it, in the transaction. The namespace, and whether anything has changed: if so, the
/// transaction is to be committed.
pub(super) async fn made(
    app: &App,
    audit: &Audit,
    org: &mut OrgTx,
    record: &NamespaceRecord,
    step: Step<'_>,
) -> Result<(NamespaceRecord, bool), Problem> {
    // A deletion and the grace that begins with it have one time.
    let now = if let LifeEvent::Delete(deletion) = step.event { deletion.at } else { app.now() };
    let moved = org.move_namespace(record.id, step.event, step.name, now).await.map_err(store_failed)?;
    match moved.ok_or_else(Problem::not_found)? {
        NamespaceMove::Nothing(record) => Ok((record, false)),
        NamespaceMove::Refused(refusal) => Err(refused(record.id, refusal)),
        NamespaceMove::Made(moved) => {
            let target = AuditTarget::of(moved.id, &moved.name);
            let details = AuditDetails::default().name(Some(&record.name), Some(&moved.name));
            audit.record(app, org, step.action, &target, &details).await?;
            tracing::info!(organization = %org.org_id(), namespace = %moved.id, action = step.action.as_str(), "done");
            Ok((moved, true))
        }
    }
}

/// Suspends a namespace, or lets it go on, for its organisation, and waits until its node acts by it.
pub(super) async fn held(
    app: &App,
    (scope, reach, audit): (OrgScope, &Reach, &Audit),
    called: &str,
    step: Step<'_>,
) -> Result<NamespaceRecord, Problem> {
    require(scope.role, Permission::ManageNamespaces)?;
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    org.lock_organization().await.map_err(store_failed)?.ok_or_else(Problem::not_found)?;
    let record = found(&mut org, reach, called).await?;
    let (record, changed) = made(app, audit, &mut org, &record, step).await?;
    if changed {
        org.commit().await.map_err(store_failed)?;
    } else {
        drop(org);
    }
    until_settled(app, scope.org_id, record).await
}

fn refused(id: NamespaceId, refusal: LifeRefusal) -> Problem {
    match refusal {
        LifeRefusal::Deleted => {
            Problem::new(Code::Conflict, format!("The namespace {id} is deleted; undelete it first."))
        }
        LifeRefusal::Gone => Problem::new(
            Code::Conflict,
            format!("The namespace {id} is deleted for good; its time to be had back is over."),
        ),
        LifeRefusal::NotDeleted => {
            Problem::new(Code::Conflict, format!("The namespace {id} is not deleted; only what is deleted is purged."))
        }
        LifeRefusal::HeldBy(by) => held_by(id, by).with("suspended_by", by.as_str()),
    }
}

fn held_by(id: NamespaceId, by: Suspension) -> Problem {
    match by {
        Suspension::Standing => Problem::new(
            Code::StandingUnpaid,
            format!("The namespace {id} is suspended until the open invoice is paid."),
        ),
        Suspension::Operator | Suspension::Organization => Problem::new(
            Code::Forbidden,
            format!("The namespace {id} is suspended by the operator of the service, who alone can resume it."),
        ),
    }
}
