//! The description of the API is the code's own.

use agentdb_tests::harness::{Program, Service};
use anyhow::Result;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn the_served_description_is_the_printed_one_and_every_operation_is_complete() -> Result<()> {
    let service = Service::start().await?;
    let served = service.anonymous()?.get("/openapi.json").await?.expect(200)?.json;
    let printed = Program::agentdb(&["openapi"], &[])?.output()?;
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    assert_eq!(served, serde_json::from_slice::<Value>(&printed.stdout)?);

    assert!(served["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", served["openapi"]);
    let mut ids = std::collections::BTreeSet::new();
    for (path, operations) in served["paths"].as_object().into_iter().flatten() {
        for (method, operation) in
            operations.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters")
        {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(ids.insert(id.to_owned()) && !id.is_empty(), "{method} {path}: operation id `{id}`");
            assert_eq!(operation["tags"].as_array().map_or(0, Vec::len), 1, "{method} {path}: one tag");
            let responses = operation["responses"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
            let responses = responses.unwrap_or_default();
            assert!(responses.iter().any(|status| status.starts_with('2')), "{method} {path}: {responses:?}");
            assert!(responses.iter().any(|status| status.starts_with('4')), "{method} {path}: {responses:?}");
        }
    }
    assert!(ids.len() >= 25, "{ids:?}");
    service.stop().await
}
