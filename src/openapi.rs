//! The description of the public API, put together from what the planes say of themselves.

use anyhow::{Context, ensure};
use utoipa::openapi::{Info, License, OpenApi};

/// OpenAPI 3.1 as JSON, with sorted paths and schemas, so that a change of the code is a small change of the text.
pub fn description() -> anyhow::Result<String> {
    let mut whole = OpenApi::new(info(), utoipa::openapi::Paths::new());
    let parts = [
        ("the control plane", agentdb_control_plane_server::openapi()),
        ("billing", agentdb_billing_server::openapi()),
        ("the data plane", agentdb_data_plane_node::openapi()),
    ];
    for (plane, part) in parts {
        for path in part.paths.paths.keys() {
            ensure!(!whole.paths.paths.contains_key(path), "{plane} describes {path}, which another plane has as well");
        }
        same_schemas(&whole, &part, plane)?;
        whole.merge(part);
    }
    let mut text = serde_json::to_string_pretty(&whole).context("the description cannot be written")?;
    text.push('\n');
    Ok(text)
}

/// A merge keeps the first of two schemas with one name; that is only right when they are the same.
fn same_schemas(whole: &OpenApi, part: &OpenApi, plane: &str) -> anyhow::Result<()> {
    let (Some(ours), Some(theirs)) = (&whole.components, &part.components) else { return Ok(()) };
    for (name, schema) in &theirs.schemas {
        if let Some(first) = ours.schemas.get(name) {
            let same = serde_json::to_value(first)? == serde_json::to_value(schema)?;
            ensure!(same, "{plane} has a schema {name} that differs from another plane's of that name");
        }
    }
    Ok(())
}

fn info() -> Info {
    let mut info = Info::new("AgentDB Cloud", "1");
    info.description = Some(
        "A managed, multi-tenant database for AI agents. Data operations take an API key \
         (`Authorization: Bearer adb_…`), control operations a session or a key with the scope `admin`. Every refusal is \
         `application/problem+json`."
            .to_owned(),
    );
    info.license = Some(License::new("Apache-2.0"));
    info
}
