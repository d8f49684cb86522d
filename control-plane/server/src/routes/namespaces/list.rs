use agentdb_control_plane_contract::OrgScope;
use agentdb_control_plane_store::{LabelFilter, NamespaceFilter, NamespaceRecord};
use agentdb_ids::{NamespaceId, check_name};
use agentdb_problem::{Json, Problem, Query};
use axum::{Extension, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Namespace, Status, labels};
use crate::{
    extract::Reach,
    refusal::{OrgRefusals, store_failed},
    routes::page::{Page, cut},
    state::AppState,
};

/// Which namespaces, and which part of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NamespaceParams {
    /// How many items, 1 to 200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Those that are there in their lives; absent, those that are not deleted.
    #[param(inline)]
    status: Option<Status>,
    /// Those that have the label `key`, or `key=value`.
    label: Option<String>,
}

/// Namespaces by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamespaceList {
    items: Vec<Namespace>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
}

/// List namespaces
///
/// Those that the caller reaches, by name in byte order. Deleted ones are in the list with the status `deleting`, where
/// several may have one name, while they can be had back.
#[utoipa::path(
    get,
    path = "/v1/orgs/{org}/namespaces",
    operation_id = "list_namespaces",
    tag = "namespaces",
    params(("org" = agentdb_ids::OrgId, Path, description = "The organisation"), NamespaceParams),
    responses((status = 200, description = "A page of namespaces", body = NamespaceList), OrgRefusals),
    security(("session" = []), ("api_key" = [])),
)]
pub(crate) async fn list_namespaces(
    State(app): State<AppState>,
    Extension(scope): Extension<OrgScope>,
    Extension(reach): Extension<Reach>,
    Query(params): Query<NamespaceParams>,
) -> Result<Json<NamespaceList>, Problem> {
    let limit = Page { limit: params.limit, cursor: None }.limit()?;
    let after = params.cursor.as_deref().map(place_of).transpose()?;
    let filter = NamespaceFilter {
        reach: &reach.namespaces,
        status: params.status.map(Into::into),
        label: params.label.as_deref().map(label_of).transpose()?,
    };
    let mut org = app.stores.org(scope.org_id).await.map_err(store_failed)?;
    let records = org.namespaces(&filter, after, limit as i64 + 1).await.map_err(store_failed)?;
    let (records, next_cursor) = cut(records, limit, cursor_of);
    let items = records.into_iter().map(Namespace::try_from).collect::<Result<_, _>>()?;
    Ok(Json(NamespaceList { items, next_cursor }))
}

fn label_of(text: &str) -> Result<LabelFilter<'_>, Problem> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    if labels::is_key(key) {
        return Ok(LabelFilter { key, value });
    }
    Err(Problem::invalid("label", "invalid_key", "a label is sought by its key, or by `key=value`"))
}

/// A colon is in no name.
fn cursor_of(record: &NamespaceRecord) -> String {
    format!("{}:{}", record.name, record.id)
}

fn place_of(cursor: &str) -> Result<(&str, NamespaceId), Problem> {
    let place = cursor.split_once(':').and_then(|(name, id)| Some((name, id.parse().ok()?)));
    place
        .filter(|(name, _)| check_name(name).is_ok())
        .ok_or_else(|| Problem::invalid("cursor", "invalid_cursor", "this is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_sought_by_its_key_or_with_its_value() {
        let sought = |text| label_of(text).map(|label| (label.key, label.value)).ok();
        assert_eq!(sought("team"), Some(("team", None)));
        assert_eq!(sought("team=a=b"), Some(("team", Some("a=b"))), "a key has no `=`");
        assert_eq!(sought("team="), Some(("team", Some(""))));
        assert_eq!([sought(""), sought("=a"), sought("a b=c")], [None, None, None]);
    }
}
