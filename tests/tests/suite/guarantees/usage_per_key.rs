//! Usage is counted per key, once for each request, and a restart changes nothing.

use agentdb_tests::harness::{Api, Key, Service};
use anyhow::Result;
use serde_json::json;

const QUERIES: u64 = 2_000;
const CONNECTIONS: u64 = 20;
/// Three of five connections use the first key.
const FIRST: u64 = QUERIES / 5 * 3;
const SECOND: u64 = QUERIES - FIRST;

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_queries_over_two_keys_are_counted_per_key_before_and_after_a_restart() -> Result<()> {
    let mut service = Service::start().await?;
    let account = service.account().await?;
    account.namespace("counted").await?;
    let keys = [account.key("first", "*", &["read"]).await?, account.key("second", "*", &["read"]).await?];
    let data = account.data().await?.collection("counted", "things");
    data.create(&json!({"vector": {"dimension": 2, "metric": "dot"}})).await?.expect(201)?;
    data.upsert(&[json!({"id": "one", "vector": [1.0, 2.0]})]).await?.expect(200)?;

    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let key = &keys[usize::from(connection % 5 >= 3)];
        let api = account.api.on_new_connection()?.with_key(&key.secret);
        connections.spawn(ask(api, QUERIES / CONNECTIONS));
    }
    while let Some(outcome) = connections.join_next().await {
        outcome??;
    }
    let expected = |extra: u64| {
        let [first, second] = &keys;
        let (first, second): (&Key, &Key) = (first, second);
        move |usage: &agentdb_tests::harness::Usage| {
            usage.of_key("query", &first.id) == (FIRST + extra) * 1_000
                && usage.of_key("query", &second.id) == SECOND * 1_000
        }
    };
    account.usage_when("usage per key equals the count", expected(0)).await?;

    service.terminate().await?;
    service.start_again().await?;
    let usage = account.usage().await?;
    assert!(expected(0)(&usage), "after a restart: {usage:?}");
    // A report of the new life must neither lose nor repeat what the one before had counted.
    ask(account.api.with_key(&keys[0].secret), 1).await?;
    account.usage_when("one query more", expected(1)).await?;
    service.stop().await
}

async fn ask(api: Api, times: u64) -> Result<()> {
    let things = api.collection("counted", "things");
    for _ in 0..times {
        let reply = things.query(&json!({"vector": [1.0, 1.0], "top_k": 1})).await?.expect(200)?;
        assert_eq!(reply.units("query"), 1_000, "{}", reply.text());
    }
    Ok(())
}
