//! The data plane goes on without the control plane.

use agentdb_tests::harness::{Collection, Place, Roles, Tally};
use anyhow::Result;
use serde_json::json;

const REQUESTS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_read_and_write_while_the_control_plane_is_away_and_their_usage_arrives_later() -> Result<()> {
    let mut roles = Roles::start(Place::Directory).await?;
    let account = roles.account().await?;
    account.namespace("steady").await?;
    let key = account.key("known", "*", &["read", "write"]).await?;
    let things = account.api.at(&roles.node_base()).with_key(&key.secret).collection("steady", "things");
    let mut tally = Tally::default();
    tally.add(things.create(&json!({"vector": {"dimension": 2, "metric": "cosine"}})).await?.expect(201)?);
    work(&things, &mut tally, "before", 5).await?;
    account.usage_when("usage before", |usage| tally.equals(usage)).await?;

    roles.kill_control()?;
    work(&things, &mut tally, "without", REQUESTS).await?;

    roles.start_control().await?;
    account.usage_when("usage of the time without", |usage| tally.equals(usage)).await?;
    work(&things, &mut tally, "after", 5).await?;
    account.usage_when("usage after", |usage| tally.equals(usage)).await?;
    roles.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_while_the_control_plane_is_away_comes_back_with_its_keys_and_its_usage() -> Result<()> {
    let mut roles = Roles::start(Place::Directory).await?;
    let account = roles.account().await?;
    account.namespace("steady").await?;
    let key = account.key("known", "*", &["read", "write"]).await?;
    let things = account.api.at(&roles.node_base()).with_key(&key.secret).collection("steady", "things");
    let mut tally = Tally::default();
    tally.add(things.create(&json!({"vector": {"dimension": 2, "metric": "cosine"}})).await?.expect(201)?);
    work(&things, &mut tally, "before", 5).await?;

    roles.kill_control()?;
    work(&things, &mut tally, "unreported", 20).await?;
    roles.kill_node()?;
    roles.start_node().await?;
    work(&things, &mut tally, "second-life", 20).await?;
    roles.start_control().await?;
    account.usage_when("usage of both lives", |usage| tally.equals(usage)).await?;
    roles.stop().await
}

async fn work(things: &Collection, tally: &mut Tally, when: &str, times: usize) -> Result<()> {
    for n in 0..times {
        let id = format!("{when}-{n}");
        let record = json!({"id": id, "vector": [1.0, n + 1]});
        tally.add(things.upsert(&[record]).await?.expect(200)?);
        let found = tally.add(things.query(&json!({"vector": [1.0, n + 1], "top_k": 1000})).await?.expect(200)?);
        assert!(found.ids().contains(&id.as_str()), "{id} is not in {}", found.text());
    }
    Ok(())
}
