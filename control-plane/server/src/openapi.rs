use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

use crate::{refusal, routes};

/// The description of the control plane's public operations. Needs no running service.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut description = base();
    description.merge(routes::people().into_openapi());
    description.merge(routes::organization().into_openapi());
    description
}

fn base() -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            "api_key",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("adb_…")
                    .description(Some("An API key; operations on an organisation need the scope `admin`."))
                    .build(),
            ),
        )
        .security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "adb_session",
                "A signed-in browser; every request but GET also needs the header `x-csrf-token`.",
            ))),
        );
    for (name, schema) in refusal::schemas() {
        components = components.schema(name, schema);
    }
    let tags = [
        ("auth", "Signing up, in and out."),
        ("me", "The person who is signed in."),
        ("organizations", "Organisations and what they subscribed to."),
        ("members", "The people of an organisation, and those who were asked to join it."),
        ("api_keys", "Keys for programs."),
        ("console_tokens", "Short-lived keys of the console."),
        ("audit_events", "What was changed in an organisation, by whom, and what was refused."),
        ("namespaces", "Namespaces: made and ended here, filled by the data operations."),
    ];
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("AgentDB Cloud").version("1").build())
        .components(Some(components.build()))
        .tags(Some(tags.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_with_its_refusals() {
        let value = serde_json::to_value(openapi()).expect("a description is JSON");
        let paths = value["paths"].as_object().expect("paths");
        let mut ids = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().expect("operations") {
                let id = operation["operationId"].as_str().expect("an id");
                ids.push(id.to_owned());
                assert!(operation["security"].is_array(), "{id} says who may call it");
                assert!(operation["responses"]["503"].is_object(), "{id} says that it may be unavailable");
                let keyed = operation["security"].to_string().contains("session");
                assert_eq!(
                    operation["responses"]["401"].is_object(),
                    keyed || id == "log_in" || id == "finish_log_in",
                    "{method} {path}"
                );
                if path.contains("{org}") {
                    assert!(operation["responses"]["404"].is_object(), "{id} says not found");
                }
            }
        }
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!((ids.len(), count), (48, 48), "{ids:?}");
        assert!(value["components"]["schemas"]["Problem"].is_object());
    }
}
