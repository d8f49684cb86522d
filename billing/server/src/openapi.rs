use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::routes;

#[derive(utoipa::OpenApi)]
#[openapi(tags(
    (name = "usage", description = "What was counted, by hour or day, meter, key and namespace."),
    (name = "billing", description = "What it costs: the price book and the running month's invoice."),
))]
struct Base;

/// The description of billing's public routes; needs no running service.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut description = Base::openapi();
    description.merge(routes::public().into_openapi());
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("adb_<id>_<secret>").build();
    components.add_security_scheme("api_key", SecurityScheme::Http(bearer));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("adb_session"))));
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_with_its_refusals() {
        let description = serde_json::to_value(openapi()).expect("a description is JSON");
        let paths = description["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), 3);
        for (path, item) in paths {
            for (method, operation) in item.as_object().expect("operations") {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                for status in ["200", "401", "403", "404", "429", "500", "503"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path} lacks {status}");
                }
                assert!(operation["security"].is_array(), "{method} {path}");
            }
        }
    }
}
