use std::time::Duration;

use agentdb_clock::SystemEntropy;
use agentdb_control_plane_contract::{AssignmentState, NamespacePattern, Suspension};
use agentdb_control_plane_store::{
    FeedItem, LabelFilter, LifeEvent, NamespaceFilter, NamespaceMove, NamespaceRecord, NamespaceStatus, NewNamespace,
};
use agentdb_ids::{NamespaceId, NodeId, OrgId};
use serde_json::json;

use crate::account::{World, pattern};

async fn status(world: &World, org_id: OrgId, name: &str) -> Option<NamespaceStatus> {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.namespace(name).await.expect("the store").map(|record| record.status())
}

async fn status_of(world: &World, org_id: OrgId, id: NamespaceId) -> NamespaceStatus {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.namespace_by_id(id).await.expect("the store").expect("it is there").status()
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

    world.purge(org_id, first.id).await;
    world.stores.jobs().settle_namespaces(world.now()).await.expect("the store");
    assert_eq!(status_of(&world, org_id, first.id).await, NamespaceStatus::Purging, "an older word does not count");
    acknowledge(&world, node).await;
    assert_eq!(status_of(&world, org_id, first.id).await, NamespaceStatus::Deleted);
    assert_ne!(world.namespace(org_id, "ns").await.id, first.id, "the name is free, the namespace another");
}

#[tokio::test]
async fn a_removal_is_settled_when_the_node_names_it_no_more_and_holds_up_nothing_else() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let (stuck, gone) = (world.namespace(org_id, "stuck").await, world.namespace(org_id, "gone").await);
    acknowledge(&world, node).await;
    for namespace in [&stuck, &gone] {
        world.purge(org_id, namespace.id).await;
    }
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
    assert_eq!(status_of(&world, org_id, gone.id).await, NamespaceStatus::Deleted);
    assert_eq!(hear(newest, &[stuck.id]).await, Some(false), "nothing new");
    // None of these knows what is to be removed.
    assert_eq!(hear(0, &[]).await, Some(false), "a node that begins anew");
    assert_eq!(hear(newest - 1, &[]).await, Some(false), "a request that comes late");
    assert_eq!(hear(newest + 1, &[]).await, None, "a node of another database");
    assert_eq!(status_of(&world, org_id, stuck.id).await, NamespaceStatus::Purging, "its data are there");
    assert_eq!(hear(newest, &[]).await, Some(true), "what is waited for has come");
    assert_eq!(status_of(&world, org_id, stuck.id).await, NamespaceStatus::Deleted);
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
    world.purge(org_id, namespace.id).await;
    world.stores.jobs().settle_namespaces(world.now()).await.expect("the store");
    assert_eq!(status_of(&world, org_id, namespace.id).await, NamespaceStatus::Deleted);
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

/// The living namespaces within it.
fn within(reach: &NamespacePattern) -> NamespaceFilter<'_> {
    NamespaceFilter { reach, status: None, label: None }
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
    let names = |records: Vec<NamespaceRecord>| records.into_iter().map(|record| record.name).collect::<Vec<_>>();
    let all = pattern("*");
    let first = org.namespaces(&within(&all), None, 3).await.expect("the store");
    let last = first.last().map(|record| (record.name.clone(), record.id)).expect("three");
    assert_eq!(names(first), ["C", "a", "b"]);
    let after = Some((last.0.as_str(), last.1));
    assert_eq!(names(org.namespaces(&within(&all), after, 3).await.expect("the store")), ["d.1"]);
    for (reach, found) in [("d*", &["d.1"][..]), ("d.1", &["d.1"]), ("d", &[]), ("d_*", &[]), ("a", &["a"])] {
        let reach = pattern(reach);
        assert_eq!(names(org.namespaces(&within(&reach), None, 3).await.expect("the store")), found, "{reach:?}");
    }
    assert_eq!(org.count_namespaces().await.expect("the store"), 4);
}

#[tokio::test]
async fn deleted_namespaces_of_one_name_are_listed_each_and_labels_are_sought() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let mut gone = Vec::new();
    for _ in 0..3 {
        let namespace = world.namespace(org_id, "ns").await;
        world.happens(org_id, namespace.id, world.deletion(60)).await;
        world.clock.advance(Duration::from_secs(1));
        gone.push(namespace.id);
    }
    let living = world.namespace(org_id, "ns").await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    let all = pattern("*");
    let deleting = NamespaceFilter { reach: &all, status: Some(NamespaceStatus::Deleting), label: None };
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let after_ref = after.as_ref().map(|(name, id): &(String, NamespaceId)| (name.as_str(), *id));
        let page = org.namespaces(&deleting, after_ref, 1).await.expect("the store");
        let Some(record) = page.into_iter().next() else { break };
        seen.push(record.id);
        after = Some((record.name, record.id));
    }
    assert_eq!(seen, gone, "of one name by id, each once");
    let newest = org.deleted_namespaces_of("ns", 2).await.expect("the store");
    assert_eq!(newest.iter().map(|record| record.id).collect::<Vec<_>>(), [gone[2], gone[1]]);
    let counts = (org.count_namespaces().await, org.count_deleted_namespaces().await);
    assert_eq!((counts.0.expect("the store"), counts.1.expect("the store")), (1, 3));

    org.set_labels(living.id, &json!({"team": "a", "env": "prod"})).await.expect("the store");
    for (key, value, found) in
        [("team", None, 1), ("team", Some("a"), 1), ("team", Some("b"), 0), ("tea", None, 0), ("a", Some("a"), 0)]
    {
        let filter = NamespaceFilter { reach: &all, status: None, label: Some(LabelFilter { key, value }) };
        assert_eq!(org.namespaces(&filter, None, 9).await.expect("the store").len(), found, "{key} {value:?}");
    }
}

#[tokio::test]
async fn every_step_of_a_life_is_kept_with_its_time_and_only_what_is_asked_for_raises_the_version() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let id = world.namespace(org_id, "ns").await.id;
    let tick = || world.clock.advance(Duration::from_secs(1));
    let by = Suspension::Organization;
    acknowledge(&world, node).await;
    for event in [LifeEvent::Suspend(by), LifeEvent::Suspend(by), LifeEvent::Resume(by)] {
        tick();
        world.happens(org_id, id, event).await;
    }
    acknowledge(&world, node).await;
    tick();
    world.purge(org_id, id).await;
    tick();
    acknowledge(&world, node).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    let record = org.namespace_by_id(id).await.expect("the store").expect("it is there");
    assert_eq!((record.version, record.status_changed_at), (5, world.now()));
    let admin = world.server.pool("postgres", 1).await;
    let steps: Vec<(Option<String>, String, i64)> = sqlx::query_as(
        "SELECT from_status, to_status, extract(epoch FROM at - '2026-03-01T12:00:00Z')::bigint
         FROM control.namespace_transitions ORDER BY number",
    )
    .fetch_all(&admin)
    .await
    .expect("steps");
    let steps: Vec<_> = steps.iter().map(|(from, to, at)| (from.as_deref(), to.as_str(), *at)).collect();
    let expected = [
        (None, "creating", 0),
        (Some("creating"), "ready", 0),
        (Some("ready"), "suspended", 1),
        (Some("suspended"), "creating", 3),
        (Some("creating"), "ready", 3),
        (Some("ready"), "deleting", 4),
        (Some("deleting"), "purging", 4),
        (Some("purging"), "deleted", 5),
    ];
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn a_node_is_told_of_each_step_and_of_a_suspension_whose_it_is() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let id = world.namespace(org_id, "ns").await.id;
    let jobs = world.stores.jobs();
    let mut cursor = jobs.read_feed(node, 0, 10, false, world.now()).await.expect("the store").cursor;
    for (event, told) in [
        (LifeEvent::Suspend(Suspension::Organization), AssignmentState::Suspend(Suspension::Organization)),
        (LifeEvent::Suspend(Suspension::Operator), AssignmentState::Suspend(Suspension::Operator)),
        (LifeEvent::Suspend(Suspension::Standing), AssignmentState::Suspend(Suspension::Operator)),
        (world.deletion(60), AssignmentState::Retain),
        (LifeEvent::Resume(Suspension::Operator), AssignmentState::Retain),
        (LifeEvent::Undelete, AssignmentState::Suspend(Suspension::Standing)),
        (LifeEvent::Resume(Suspension::Standing), AssignmentState::Suspend(Suspension::Organization)),
        (LifeEvent::Resume(Suspension::Organization), AssignmentState::Serve),
        (world.deletion(60), AssignmentState::Retain),
        (LifeEvent::Purge, AssignmentState::Delete),
    ] {
        assert!(matches!(world.happens(org_id, id, event).await, NamespaceMove::Made(_)), "{event:?}");
        let feed = jobs.read_feed(node, cursor, 10, true, world.now()).await.expect("the store");
        let states: Vec<_> = feed.state.expect("asked for").assignments.iter().map(|a| a.state).collect();
        assert_eq!(states, [told], "{event:?}, in a snapshot");
        let [FeedItem::Assignment(assignment)] = &feed.items[..] else { panic!("{:?}", feed.items) };
        assert_eq!((assignment.state, assignment.generation), (told, 1), "{event:?}");
        cursor = feed.cursor;
    }
    let nothing = world.happens(org_id, id, LifeEvent::Purge).await;
    assert!(matches!(nothing, NamespaceMove::Nothing(_)), "{nothing:?}");
    assert!(jobs.read_feed(node, cursor, 10, false, world.now()).await.expect("the store").items.is_empty());
}

#[tokio::test]
async fn the_grace_ends_when_its_time_has_come_and_not_for_what_was_had_back() {
    let world = World::new().await;
    let (_, org_id) = world.account("a@example.com").await;
    let (gone, back) = (world.namespace(org_id, "gone").await.id, world.namespace(org_id, "back").await.id);
    for id in [gone, back] {
        world.happens(org_id, id, world.deletion(60)).await;
    }
    let jobs = world.stores.jobs();
    let over = async || jobs.namespaces_past_grace(world.now(), 10).await.expect("the store");
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(over().await, []);
    assert!(matches!(world.happens(org_id, gone, LifeEvent::PassTime(world.now())).await, NamespaceMove::Nothing(_)));
    world.happens(org_id, back, LifeEvent::Undelete).await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(over().await, [(org_id, gone)]);
    for (id, status) in [(gone, NamespaceStatus::Purging), (back, NamespaceStatus::Creating)] {
        world.happens(org_id, id, LifeEvent::PassTime(world.now())).await;
        assert_eq!(status_of(&world, org_id, id).await, status);
    }
    assert_eq!(over().await, []);
}

/// Tries to make a living namespace `ns`, by `attempt`, as the operations do. Whether it is this one's.
async fn take(world: &World, org_id: OrgId, attempt: usize, deleted: NamespaceId) -> bool {
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.lock_organization().await.expect("the store").expect("the organisation");
    if org.count_namespaces().await.expect("the store") >= 1 {
        return false;
    }
    if attempt.is_multiple_of(2) {
        let moved = org.move_namespace(deleted, LifeEvent::Undelete, None, world.now()).await.expect("the store");
        assert!(matches!(moved, Some(NamespaceMove::Made(_))), "{moved:?}");
    } else {
        let id = NamespaceId::generate(&*world.clock, &SystemEntropy);
        let new = NewNamespace { id, name: "ns", labels: &json!({}), created_at: world.now() };
        assert!(org.add_namespace(&new).await.expect("the store").is_some());
    }
    org.commit().await.expect("the store");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_and_undelete_one_name_at_once_one_wins_and_the_limit_holds() {
    let world = std::sync::Arc::new(World::new().await);
    world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let deleted = world.namespace(org_id, "ns").await.id;
    world.happens(org_id, deleted, world.deletion(60)).await;
    for round in 0..5 {
        let attempts: Vec<_> = (0..8)
            .map(|attempt| {
                let world = world.clone();
                tokio::spawn(async move { take(&world, org_id, attempt + round, deleted).await })
            })
            .collect();
        let mut winners = 0;
        for attempt in attempts {
            winners += usize::from(attempt.await.expect("no panic"));
        }
        assert_eq!(winners, 1);
        let mut org = world.stores.org(org_id).await.expect("the store");
        assert_eq!(org.count_namespaces().await.expect("the store"), 1);
        let living = org.namespace("ns").await.expect("the store").expect("one");
        drop(org);
        // Of many who delete it at once one does.
        let deletions: Vec<_> = (0..4)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { world.happens(org_id, living.id, world.deletion(60)).await })
            })
            .collect();
        let mut made = 0;
        for deletion in deletions {
            made += usize::from(matches!(deletion.await.expect("no panic"), NamespaceMove::Made(_)));
        }
        assert_eq!(made, 1);
        if living.id != deleted {
            // The next round is for the first one again.
            world.happens(org_id, living.id, LifeEvent::Purge).await;
        }
    }
}
