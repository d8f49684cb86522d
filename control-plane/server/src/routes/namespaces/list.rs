use agentdb_control_plane_contract::OrgScope;
use agentdb_control_plane_store::NamespaceRecord;
use agentdb_ids::check_name;
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Namespace;
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    routes::page::{Page, cut},
    state::AppState,
};

/// Namespaces by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamespaceList {
    items: Vec<Namespace>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// List namespaces
///
/// Those that the caller reaches, by name in byte order, also while they are created or deleted.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/namespaces",
    operation_id = "list_namespaces",
    tag = "namespaces",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), Page),
    responses((status = 200, description = "A page of namespaces", body = NamespaceList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_namespaces(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Query(page): Query<Page>,
) -> Result<Json<NamespaceList>, Problem> {
    let limit = page.limit()?;
    if page.cursor.as_deref().is_some_and(|cursor| check_name(cursor).is_err()) {
        return Err(Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"));
    }
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let records =
        org.namespaces(&reach.namespaces, page.cursor.as_deref(), limit as i64 + 1).await.map_err(store_failed)?;
    let (records, next_cursor) = cut(records, limit, |record: &NamespaceRecord| record.name.clone());
    let items = records.into_iter().map(Namespace::try_from).collect::<Result<_, _>>()?;
    Ok(Json(NamespaceList { items, next_cursor }))
}
