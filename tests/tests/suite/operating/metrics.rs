//! Metrics speak of the service, never of its customers.

use agentdb_tests::harness::{Place, Service};
use anyhow::Result;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_by_route_and_name_no_customer() -> Result<()> {
    let service = Service::with(Place::Directory, &[("metrics.public", "true")]).await?;
    let account = service.community_account().await?;
    let namespace = account.namespace("secret-project").await?;
    let key = account.key("secret-key", "*", &["read", "write"]).await?;
    let api = account.api.with_key(&key.secret);
    let things = api.collection("secret-project", "secret-things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    things.upsert(&[json!({"id": "secret-record"})]).await?.expect(200)?;
    things.count(&json!({})).await?.expect(200)?;
    api.get("/v1/namespaces/secret-project/unknown/path").await?.expect(404)?;

    let metrics = service.anonymous()?.get("/metrics").await?.expect(200)?.text();
    let counted = metrics.lines().find(|line| {
        line.starts_with("agentdb_http_requests_total{") && line.contains("/upsert\"") && line.contains("\"200\"")
    });
    assert!(counted.is_some_and(|line| line.ends_with(" 1")), "one upsert is counted under its route:\n{metrics}");
    for secret in ["secret", &account.org, &account.email, &namespace, &key.id, "Organisation"] {
        assert!(!metrics.contains(secret), "`{secret}` stands in the metrics:\n{metrics}");
    }
    service.stop().await
}
