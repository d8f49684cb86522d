//! Nothing is answered without the lease.

use std::{path::PathBuf, time::Duration};

use agentdb_control_plane_contract::Meter;
use http::StatusCode;
use serde_json::json;

use crate::world::{Life, World, until};

/// A lease that ran out and cannot be renewed.
struct Lost {
    folder: PathBuf,
    aside: PathBuf,
}

impl Lost {
    fn of(world: &World, life: &Life) -> Self {
        // A file in the place of the lease's folder: no renewal succeeds any more.
        let folder = world.objects().join(format!("nodes/{}/lease", world.node_id));
        let aside = folder.with_extension("aside");
        std::fs::rename(&folder, &aside).expect("moved");
        std::fs::write(&folder, b"").expect("in the way");
        world.clock.advance(Duration::from_secs(11));
        assert!(!life.node.ready());
        Self { folder, aside }
    }

    async fn won_back(self, life: &Life) {
        std::fs::remove_file(&self.folder).expect("removed");
        std::fs::rename(&self.aside, &self.folder).expect("moved back");
        until("the lease is back", || life.node.ready()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_during_which_the_lease_runs_out_is_refused_and_not_counted() {
    let world = World::new().await;
    world.set_policy(|policy| policy.limits.concurrent_requests = 1);
    let life = world.start().await.with_docs().await;
    let query = json!({"vector": [1, 0]});
    life.post("main/collections/docs/query", query.clone()).await.ok();
    let busy = async || life.get("main/collections").await.status == StatusCode::TOO_MANY_REQUESTS;
    let slow = life.slow_post("main/collections/docs/query", busy).await;

    let lost = Lost::of(&world, &life);
    let refused = slow.finish(&query).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (503, "unavailable"), "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());

    lost.won_back(&life).await;
    life.post("main/collections/docs/query", query).await.ok();
    life.node.drain().await;
    assert_eq!(world.plane.billed(Meter::Query, None), 2_000, "the two that were answered");
}

/// The next owner may have made it by then.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_without_the_lease_that_there_is_no_such_collection() {
    let world = World::new().await;
    world.set_policy(|policy| policy.limits.concurrent_requests = 1);
    let life = world.start().await.with_docs().await;
    for (verb, body) in [
        ("query", json!({"vector": [1, 0]})),
        ("upsert", json!({"records": [{"id": "a", "vector": [1, 0]}]})),
        ("patch", json!({"patches": [{"id": "a", "attributes": {"page": 1}}]})),
        ("delete", json!({"ids": ["a"]})),
    ] {
        let path = format!("main/collections/none/{verb}");
        assert_eq!(life.post(&path, body.clone()).await.refusal(), (404, "not_found", ""), "{verb}");
        let busy = async || life.get("main/collections").await.status == StatusCode::TOO_MANY_REQUESTS;
        let slow = life.slow_post(&path, busy).await;
        let lost = Lost::of(&world, &life);
        let refused = slow.finish(&body).await;
        assert_eq!((refused.refusal().0, refused.refusal().1), (503, "unavailable"), "{verb}: {}", refused.body);
        lost.won_back(&life).await;
    }
}
