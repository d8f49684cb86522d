//! The public data operations: one a file, each with the [`Operation`] that admission judges it by.

mod body;
mod bounded;
mod collections;
mod idempotency;
mod include;
mod receipt;
mod records;
mod refusals;
mod reply;
mod run;

pub(crate) use body::BodyRoom;

use agentdb_problem::{Code, Problem};
use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admission::{Operation, admit},
    state::NodeState,
};

/// Every data operation. One that is not here is not admitted.
pub(crate) static OPERATIONS: &[&Operation] = &[
    &collections::list::OPERATION,
    &collections::put::OPERATION,
    &collections::get::OPERATION,
    &collections::delete::OPERATION,
    &records::upsert::OPERATION,
    &records::patch::OPERATION,
    &records::delete::OPERATION,
    &records::fetch::OPERATION,
    &records::count::OPERATION,
    &records::scan::OPERATION,
    &records::query::OPERATION,
    &records::multi_query::OPERATION,
    &records::recall::OPERATION,
];

#[derive(OpenApi)]
#[openapi(
    info(title = "AgentDB Cloud: data"),
    components(schemas(agentdb_problem::Problem)),
    modifiers(&ApiKey),
    tags(
        (name = "collections", description = "Collections of a namespace and their schemas."),
        (name = "records", description = "Records of a collection: written, read and searched."),
    )
)]
struct Description;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("adb_…".to_owned());
        openapi.components.get_or_insert_default().add_security_scheme("api_key", SecurityScheme::Http(bearer));
    }
}

fn api() -> OpenApiRouter<NodeState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(collections::list::list_collections))
        .routes(routes!(
            collections::put::put_collection,
            collections::get::get_collection,
            collections::delete::delete_collection
        ))
        .routes(routes!(records::upsert::upsert_records))
        .routes(routes!(records::patch::patch_records))
        .routes(routes!(records::delete::delete_records))
        .routes(routes!(records::fetch::fetch_records))
        .routes(routes!(records::count::count_records))
        .routes(routes!(records::scan::scan_records))
        .routes(routes!(records::query::query_records))
        .routes(routes!(records::multi_query::multi_query_records))
        .routes(routes!(records::recall::probe_recall))
}

/// The description of the data operations; needs no running node.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

pub(crate) fn router(state: NodeState) -> Router {
    let (router, _) = api().split_for_parts();
    router
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(state.clone(), admit))
        .layer(DefaultBodyLimit::max(state.max_body_bytes))
        .with_state(state)
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "The path does not have this method.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_described_operation_is_known_to_admission_and_the_other_way_round() {
        let description = serde_json::to_value(openapi()).expect("JSON");
        let mut described = BTreeSet::new();
        for (path, item) in description["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let id = operation["operationId"].as_str().expect("an id").to_owned();
                described.insert((path.clone(), method.to_uppercase(), id));
            }
        }
        let known: BTreeSet<_> =
            OPERATIONS.iter().map(|o| (o.path.to_owned(), o.method.to_string(), o.id.to_owned())).collect();
        assert_eq!(described, known);
    }
}
