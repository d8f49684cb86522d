//! `/v1/namespaces/{ns}/collections`

use agentdb_tests::harness::Service;
use anyhow::Result;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_made_once_keeps_its_schema_and_a_new_one_of_its_name_is_empty() -> Result<()> {
    let service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("shop").await?;
    let api = account.data().await?;
    let things = api.collection("shop", "things");
    let schema = json!({"vector": {"dimension": 3, "metric": "cosine"}, "attributes": {"price": "float"}});
    things.create(&schema).await?.expect(201)?;
    things.create(&schema).await?.expect(200)?;
    let other = json!({"vector": {"dimension": 4, "metric": "cosine"}, "attributes": {"price": "float"}});
    let conflict = things.create(&other).await?;
    assert_eq!((conflict.status, conflict.code()), (409, "conflict"), "{}", conflict.text());

    let described = things.describe().await?.expect(200)?;
    assert_eq!(described.result()["name"], "things");
    assert_eq!(described.result()["vector"]["dimension"], 3, "{}", described.text());
    let listed = api.get("/v1/namespaces/shop/collections").await?.expect(200)?;
    assert!(listed.text().contains("\"things\""), "{}", listed.text());

    things.upsert(&[json!({"id": "one", "vector": [1, 2, 3]})]).await?.expect(200)?;
    things.remove().await?.expect(200)?;
    assert_eq!(things.describe().await?.status, 404);
    assert_eq!(things.fetch(&["one"]).await?.status, 404);
    things.create(&other).await?.expect(201)?;
    assert_eq!(things.count(&json!({})).await?.expect(200)?.result()["count"], 0);
    service.stop().await
}
