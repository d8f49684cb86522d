//! `/v1/orgs/{org}/namespaces`

use std::time::Duration;

use agentdb_tests::harness::{Service, eventually};
use anyhow::Result;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_namespace_is_as_if_it_had_never_been_and_its_name_is_free_again() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    let first = account.namespace("temporary").await?;
    let path = account.path("/namespaces/temporary");
    let labelled = account.api.put(&path, &json!({"labels": {"team": "search"}})).await?.expect(200)?;
    assert_eq!(labelled.json["labels"]["team"], "search", "{}", labelled.text());
    let listed = account.api.get(&account.path("/namespaces")).await?.expect(200)?;
    assert!(listed.text().contains(&first), "{}", listed.text());

    let api = account.data().await?;
    let things = api.collection("temporary", "things");
    things.create(&json!({"attributes": {"n": "int"}})).await?.expect(201)?;
    things.upsert(&[json!({"id": "one"})]).await?.expect(200)?;
    account.api.delete(&path).await?.ok()?;
    let invented = api.collection("invented", "things").count(&json!({})).await?.expect(404)?;
    eventually("the namespace is gone for data", Duration::from_secs(10), async || {
        let reply = things.count(&json!({})).await?;
        Ok((reply.without_request_id() == invented.without_request_id()).then_some(()))
    })
    .await?;
    eventually("the namespace is gone", Duration::from_secs(30), async || {
        Ok((account.api.get(&path).await?.status == 404).then_some(()))
    })
    .await?;

    let second = account.namespace("temporary").await?;
    assert_ne!(first, second, "a new namespace, not the old one again");
    assert_eq!(things.count(&json!({})).await?.status, 404, "nothing of the old one is in it");
    service.stop().await
}
