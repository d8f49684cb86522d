//! The data plane goes on without the control plane.

use std::time::Duration;

use agentdb_tests::harness::{Account, Collection, Key, Place, Roles, Tally, eventually};
use anyhow::Result;
use serde_json::json;

const REQUESTS: usize = 100;
/// Longer than the node is told to trust a grant without asking.
const FRESH: Duration = Duration::from_millis(1_200);

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_read_and_write_while_the_control_plane_is_away_and_their_usage_arrives_later() -> Result<()> {
    let Begun { mut roles, account, things, unused, mut tally } = begin().await?;
    account.usage_when("usage before", |usage| tally.equals(usage)).await?;

    roles.kill_control()?;
    until_grants_are_stale(&unused).await?;
    work(&things, &mut tally, "without", REQUESTS).await?;

    roles.start_control().await?;
    account.usage_when("usage of the time without", |usage| tally.equals(usage)).await?;
    work(&things, &mut tally, "after", 5).await?;
    account.usage_settles("usage after", &things, &mut tally).await?;
    roles.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_read_and_write_while_the_database_is_away_and_their_usage_arrives_later() -> Result<()> {
    let Begun { mut roles, account, things, unused, mut tally } = begin().await?;

    roles.kill_postgres().await?;
    until_grants_are_stale(&unused).await?;
    work(&things, &mut tally, "without", REQUESTS).await?;
    let refused = account.api.get(&account.path("/namespaces")).await?;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"), "{}", refused.text());
    assert!(refused.header("retry-after").is_some(), "a refusal says when to come back: {}", refused.text());

    roles.start_postgres().await?;
    account.usage_settles("usage of the time without", &things, &mut tally).await?;
    roles.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_while_the_control_plane_is_away_comes_back_with_its_keys_and_its_usage() -> Result<()> {
    let Begun { mut roles, account, things, unused, mut tally } = begin().await?;

    roles.kill_control()?;
    until_grants_are_stale(&unused).await?;
    work(&things, &mut tally, "unreported", 20).await?;
    roles.kill_node()?;
    roles.start_node().await?;
    work(&things, &mut tally, "second-life", 20).await?;
    roles.start_control().await?;
    account.usage_settles("usage of both lives", &things, &mut tally).await?;
    roles.stop().await
}

struct Begun {
    roles: Roles,
    account: Account,
    /// With a key that the node knows.
    things: Collection,
    /// The same with a key that it has never seen.
    unused: Collection,
    tally: Tally,
}

/// Roles apart, on which grants are asked for again after a second, and a collection with some work done in it.
async fn begin() -> Result<Begun> {
    let roles = Roles::with(Place::Directory, &[("node.grants.fresh_s", "1")]).await?;
    let account = roles.account().await?;
    account.namespace("steady").await?;
    let node = account.api.at(&roles.node_base());
    let with = |key: &Key| node.with_key(&key.secret).collection("steady", "things");
    let things = with(&account.key("known", "*", &["read", "write"]).await?);
    let unused = with(&account.key("unused", "*", &["read"]).await?);
    let mut tally = Tally::default();
    tally.add(things.create(&json!({"vector": {"dimension": 2, "metric": "cosine"}})).await?.expect(201)?);
    work(&things, &mut tally, "before", 5).await?;
    Ok(Begun { roles, account, things, unused, tally })
}

/// Waits until the node would ask for grants again and gets none: a key that was never used cannot be judged then.
async fn until_grants_are_stale(unused: &Collection) -> Result<()> {
    tokio::time::sleep(FRESH).await;
    eventually("an unknown key cannot be judged", Duration::from_secs(20), async || {
        let reply = unused.count(&json!({})).await?;
        Ok((reply.status == 503).then_some(()))
    })
    .await
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
