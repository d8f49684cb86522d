//! `/v1/orgs/{org}/audit-events`

use agentdb_tests::harness::Service;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_with_who_made_it_and_a_refused_one_with_the_reason() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("prod").await?;
    let reader = account.key("reader", "*", &["read"]).await?;
    let namespace = account.path("/namespaces/prod");
    let refused = account.api.with_key(&reader.secret).delete(&namespace).await?.expect(403)?;
    account.api.put(&namespace, &json!({"labels": {"team": "search"}})).await?.expect(200)?;
    // Work on data is no control of the organisation.
    account.api.with_key(&reader.secret).get("/v1/namespaces/prod/collections").await?.expect(200)?;

    let log = account.api.get(&account.path("/audit-events")).await?.expect(200)?;
    let events = log.json["items"].as_array().context("no events")?;
    assert_eq!(events.len(), 4, "{}", log.text());
    let find = |action: &str| events.iter().find(|event| event["action"] == action).context("no such event");
    let made = find("api_key.create")?;
    assert_eq!(made["target"], json!({"kind": "api_key", "id": reader.id, "name": "reader"}));
    assert_eq!((&made["actor"]["kind"], &made["actor"]["name"]), (&json!("person"), &json!(account.email)));
    assert_eq!(made["client"]["address"], "127.0.0.1");
    let tried = find("namespace.delete")?;
    assert_eq!(tried["actor"], json!({"kind": "api_key", "id": reader.id, "name": "reader"}));
    assert_eq!((&tried["outcome"], &tried["code"]), (&json!("refused"), &json!("forbidden")));
    assert_eq!(tried["request_id"], refused.json["request_id"]);
    let labels = json!({"labels": {"from": {}, "to": {"team": "search"}}});
    assert_eq!((&find("namespace.update")?["details"], &tried["details"]), (&labels, &json!({})));
    let id = made["id"].as_str().context("no id")?;
    let alone = account.api.get(&account.path(&format!("/audit-events/{id}"))).await?.expect(200)?;
    assert_eq!((&alone.json, &log.json["next_cursor"]), (made, &Value::Null));
    assert!(!log.text().contains(&reader.secret[40..]), "the log shows a secret");
    service.stop().await
}
