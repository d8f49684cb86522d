use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_store::{NamespaceStatus, NewNamespace};
use agentdb_ids::{NamespaceId, NodeId, OrgId};
use serde_json::json;

use crate::account::{World, pattern};

async fn status(world: &World, org_id: OrgId, name: &str) -> Option<NamespaceStatus> {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.namespace(name).await.expect("the store").map(|record| record.status)
}

/// The newest event there is for the node.
async fn newest(world: &World, node: NodeId) -> u64 {
    world.stores.jobs().hear_node(node, 0, &[], world.now()).await.expect("the store").expect("known").newest
}

/// The node says that it has applied everything there is.
async fn acknowledge(world: &World, node: NodeId) {
    let jobs = world.stores.jobs();
    let newest = newest(world, node).await;
    jobs.hear_node(node, newest, &[], world.now()).await.expect("the store").expect("known");
    jobs.settle_namespaces(world.now()).await.expect("the store");
}

#[tokio::test]
async fn a_namespace_is_ready_when_its_node_says_so_and_gone_when_its_node_has_let_go() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let first = world.namespace(org_id, "ns").await;
    world.stores.jobs().settle_namespaces(world.now()).await.expect("the store");
    assert_eq!(status(&world, org_id, "ns").await, Some(NamespaceStatus::Creating), "the node has not said so");
    acknowledge(&world, node).await;
    assert_eq!(status(&world, org_id, "ns").await, Some(NamespaceStatus::Ready));

    let mut org = world.stores.org(org_id).await.expect("the store");
    assert!(org.start_deleting(first.id, world.now()).await.expect("the store"));
    assert!(!org.start_deleting(first.id, world.now()).await.expect("the store"), "once");
    org.commit().await.expect("the store");
    world.stores.jobs().settle_namespaces(world.now()).await.expect("the store");
    assert_eq!(status(&world, org_id, "ns").await, Some(NamespaceStatus::Deleting), "an older word does not count");
    acknowledge(&world, node).await;
    assert_eq!(status(&world, org_id, "ns").await, None);
    assert_ne!(world.namespace(org_id, "ns").await.id, first.id, "the name is free, the namespace another");
}

#[tokio::test]
async fn a_removal_is_settled_when_the_node_names_it_no_more_and_holds_up_nothing_else() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let (stuck, gone) = (world.namespace(org_id, "stuck").await, world.namespace(org_id, "gone").await);
    acknowledge(&world, node).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    for namespace in [&stuck, &gone] {
        assert!(org.start_deleting(namespace.id, world.now()).await.expect("the store"));
    }
    org.commit().await.expect("the store");
    world.namespace(org_id, "later").await;
    let jobs = world.stores.jobs();
    let newest = newest(&world, node).await;
    let hear = async |applied, erasing: &[NamespaceId]| {
        let heard = jobs.hear_node(node, applied, erasing, world.now()).await.expect("the store");
        jobs.settle_namespaces(world.now()).await.expect("the store");
        heard.map(|cursors| cursors.advanced)
    };
    assert_eq!(hear(newest, &[stuck.id]).await, Some(true));
    assert_eq!(status(&world, org_id, "later").await, Some(NamespaceStatus::Ready));
    assert_eq!(status(&world, org_id, "gone").await, None);
    assert_eq!(hear(newest, &[stuck.id]).await, Some(false), "nothing new");
    // None of these knows what is to be removed.
    assert_eq!(hear(0, &[]).await, Some(false), "a node that begins anew");
    assert_eq!(hear(newest - 1, &[]).await, Some(false), "a request that comes late");
    assert_eq!(hear(newest + 1, &[]).await, None, "a node of another database");
    assert_eq!(status(&world, org_id, "stuck").await, Some(NamespaceStatus::Deleting), "its data are there");
    assert_eq!(hear(newest, &[]).await, Some(true), "what is waited for has come");
    assert_eq!(status(&world, org_id, "stuck").await, None);
}

#[tokio::test]
async fn a_namespace_without_a_node_is_placed_when_one_appears() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    world.namespace(org_id, "ns").await;
    let jobs = world.stores.jobs();
    let place =
        async || jobs.place_waiting(world.now() - Duration::from_secs(60), world.now()).await.expect("the store");
    assert_eq!(place().await, 0, "there is no node");
    let node = world.node().await;
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(place().await, 0, "the node was not heard of for a minute");
    jobs.hear_node(node, 0, &[], world.now()).await.expect("the store");
    assert_eq!(place().await, 1);
    assert_eq!(place().await, 0, "once");
    acknowledge(&world, node).await;
    assert_eq!(status(&world, org_id, "ns").await, Some(NamespaceStatus::Ready));
}

#[tokio::test]
async fn one_that_never_had_a_node_is_deleted_without_one() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let namespace = world.namespace(org_id, "ns").await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.start_deleting(namespace.id, world.now()).await.expect("the store");
    org.commit().await.expect("the store");
    world.stores.jobs().settle_namespaces(world.now()).await.expect("the store");
    assert_eq!(status(&world, org_id, "ns").await, None);
}

#[tokio::test]
async fn namespaces_spread_over_the_nodes_that_are_alive() {
    let world = World::new().await;
    let nodes = [world.node().await, world.node().await];
    let (_, org_id) = world.account("a@example.com").await;
    for i in 0..6 {
        world.namespace(org_id, &format!("ns-{i}")).await;
    }
    let admin = world.server.pool("postgres", 1).await;
    let counts: Vec<i64> = sqlx::query_scalar("SELECT count(*) FROM control.assignments GROUP BY node_id")
        .fetch_all(&admin)
        .await
        .expect("counts");
    assert_eq!(counts, [3, 3]);
    world.clock.advance(Duration::from_secs(61));
    world.stores.jobs().hear_node(nodes[1], 0, &[], world.now()).await.expect("the store");
    world.namespace(org_id, "late").await;
    let on_first: i64 = sqlx::query_scalar("SELECT count(*) FROM control.assignments WHERE node_id = $1")
        .bind(nodes[0].uuid())
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(on_first, 3, "a silent node gets nothing");
}

#[tokio::test]
async fn a_taken_name_is_not_taken_twice_and_lists_come_in_pages() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    for name in ["b", "a", "C", "d.1"] {
        world.namespace(org_id, name).await;
    }
    let mut org = world.stores.org(org_id).await.expect("the store");
    let id = NamespaceId::generate(&*world.clock, &SystemEntropy);
    let again = NewNamespace { id, name: "a", labels: &json!({}), created_at: world.now() };
    assert!(org.add_namespace(&again).await.expect("the store").is_none());
    let names = |records: Vec<agentdb_control_plane_store::NamespaceRecord>| {
        records.into_iter().map(|record| record.name).collect::<Vec<_>>()
    };
    assert_eq!(names(org.namespaces(&pattern("*"), None, 3).await.expect("the store")), ["C", "a", "b"]);
    assert_eq!(names(org.namespaces(&pattern("*"), Some("b"), 3).await.expect("the store")), ["d.1"]);
    for (reach, within) in [("d*", &["d.1"][..]), ("d.1", &["d.1"]), ("d", &[]), ("d_*", &[]), ("a", &["a"])] {
        assert_eq!(names(org.namespaces(&pattern(reach), None, 3).await.expect("the store")), within, "{reach}");
    }
    assert!(org.namespaces(&pattern("a"), Some("a"), 3).await.expect("the store").is_empty());
    assert_eq!(org.count_namespaces().await.expect("the store"), 4);
}
