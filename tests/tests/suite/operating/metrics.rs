//! Metrics speak of the service, never of its customers.

use std::collections::BTreeMap;
use std::time::Duration;

use agentdb_tests::harness::{Place, Service, eventually};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

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
    for secret in ["secret-", &account.org, &account.email, &namespace, &key.id, "Organisation"] {
        assert!(!metrics.contains(secret), "`{secret}` stands in the metrics:\n{metrics}");
    }
    service.stop().await
}

/// The node's metrics that have no labels, without the part of their names that is the same.
async fn of_the_node(service: &Service) -> Result<BTreeMap<String, f64>> {
    let text = service.anonymous()?.get("/metrics").await?.expect(200)?.text();
    let named = text.lines().filter_map(|line| line.strip_prefix("agentdb_node_")?.split_once(' '));
    Ok(named.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect())
}

/// Until what the node reports every moment has come so far.
async fn until(service: &Service, what: &str, holds: impl Fn(&BTreeMap<String, f64>) -> bool) -> Result<()> {
    eventually(what, Duration::from_secs(30), async || {
        let told = of_the_node(service).await?;
        ensure!(holds(&told), "{told:?}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_waits_for_a_fold_and_what_a_fold_has_made_of_it() -> Result<()> {
    let settings =
        [("metrics.public", "true"), ("node.metering.report_every_ms", "100"), ("node.engine.fold_rows", "60")];
    let service = Service::with(Place::Directory, &settings).await?;
    let account = service.account().await?;
    account.namespace("metrics").await?;
    let key = account.key("metrics", "*", &["read", "write"]).await?;
    let things = account.api.with_key(&key.secret).collection("metrics", "things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    let batch = |from: usize| (from..from + 10).map(|n| json!({"id": format!("r{n}"), "attributes": {"n": n}}));
    for from in (0..50).step_by(10) {
        things.upsert(&batch(from).collect::<Vec<Value>>()).await?.expect(200)?;
    }
    until(&service, "what is written waits for a fold", |told| {
        // What is not told is equal to nothing.
        let of = |name: &str| told.get(name).copied().unwrap_or(f64::NAN);
        // The collection and five batches, and the entry by which the namespace was opened.
        of("writes_total") == 6.0
            && of("log_entries_total") == 6.0
            && of("unfolded_log_entries") == 7.0
            && of("unfolded_log_bytes") > 0.0
            && of("memtable_bytes") > 0.0
            && of("logical_bytes") >= 50.0 * 8.0
            && ["waiting_writes", "folds_total", "table_written_bytes_total"].into_iter().all(|name| of(name) == 0.0)
    })
    .await?;
    things.upsert(&batch(50).collect::<Vec<Value>>()).await?.expect(200)?;
    until(&service, "a fold has brought it into a table", |told| {
        let of = |name: &str| told.get(name).copied().unwrap_or(f64::NAN);
        let nothing = ["unfolded_log_entries", "unfolded_log_bytes", "memtable_bytes", "collections_set_aside"];
        of("writes_total") == 7.0
            && of("folds_total") >= 1.0
            && of("fold_failures_total") == 0.0
            && nothing.into_iter().all(|name| of(name) == 0.0)
            && of("log_bytes") > 0.0
            && of("table_written_bytes_total") > 0.0
            && of("table_bytes") >= of("table_live_bytes")
            && of("table_live_bytes") > 0.0
            && of("table_logical_bytes") == of("logical_bytes")
    })
    .await?;
    service.stop().await
}
