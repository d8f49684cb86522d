//! A node's whole policy at one moment.

use agentdb_control_plane_contract::{Assignment, AssignmentState};
use agentdb_ids::{NamespaceId, NodeId, OrgId};
use sqlx::PgConnection;

use crate::{OrganizationRecord, StoreError, namespaces::suspensions_of, organizations::OrganizationRow};

/// What a node should hold.
#[derive(Debug, Clone, Default)]
pub struct PolicyState {
    /// Its namespaces, those that are to be removed among them.
    pub assignments: Vec<Assignment>,
    /// The organisations that own them.
    pub organizations: Vec<OrganizationRecord>,
}

pub(super) struct AssignmentRow {
    pub namespace_id: uuid::Uuid,
    pub org_id: uuid::Uuid,
    pub name: String,
    pub generation: i64,
    pub state: String,
    pub suspended_by: Vec<String>,
}

impl TryFrom<AssignmentRow> for Assignment {
    type Error = StoreError;

    fn try_from(row: AssignmentRow) -> Result<Self, StoreError> {
        let namespace_id = NamespaceId::from_uuid(row.namespace_id);
        Ok(Self {
            namespace_id,
            org_id: OrgId::from_uuid(row.org_id),
            name: row.name,
            prefix: format!("ns/{namespace_id}"),
            generation: u64::try_from(row.generation).map_err(StoreError::corrupt)?,
            state: match row.state.as_str() {
                "serve" => AssignmentState::Serve,
                "suspend" => AssignmentState::Suspend(
                    suspensions_of(&row.suspended_by)?
                        .pop_last()
                        .ok_or_else(|| StoreError::corrupt("suspended by nobody"))?,
                ),
                "retain" => AssignmentState::Retain,
                "drain" => AssignmentState::Drain,
                "delete" => AssignmentState::Delete,
                other => return Err(StoreError::corrupt(format!("state `{other}`"))),
            },
        })
    }
}

/// Removals that are done and are told again to a node that starts anew, in case it was another life of it that said so;
/// the newest first. Those that are not are always told.
const MAX_REMOVALS: i64 = 1_000;

pub(super) async fn read(connection: &mut PgConnection, node_id: NodeId) -> Result<PolicyState, StoreError> {
    let assignments = sqlx::query_as!(
        AssignmentRow,
        r#"(SELECT a.namespace_id AS "namespace_id!", a.org_id AS "org_id!", n.name AS "name!",
                   a.generation AS "generation!", a.state AS "state!", n.suspended_by AS "suspended_by!"
            FROM control.assignments a JOIN control.namespaces n ON n.namespace_id = a.namespace_id
            WHERE a.node_id = $1 AND (a.state <> 'delete' OR n.status = 'purging'))
           UNION ALL
           (SELECT a.namespace_id, a.org_id, n.name, a.generation, a.state, n.suspended_by
            FROM control.assignments a JOIN control.namespaces n ON n.namespace_id = a.namespace_id
            WHERE a.node_id = $1 AND a.state = 'delete' AND n.status <> 'purging'
            ORDER BY a.changed_at DESC LIMIT $2)"#,
        node_id.uuid(),
        MAX_REMOVALS,
    )
    .fetch_all(&mut *connection)
    .await?;
    let organizations = sqlx::query_as!(
        OrganizationRow,
        "SELECT org_id, name, edition, standing, limit_overrides, policy_version, created_at
         FROM control.organizations
         WHERE org_id IN (SELECT org_id FROM control.assignments WHERE node_id = $1)",
        node_id.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(PolicyState {
        assignments: assignments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        organizations: organizations.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
    })
}
