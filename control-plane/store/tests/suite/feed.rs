use std::{collections::BTreeSet, time::Duration};

use agentdb_control_plane_contract::{AssignmentState, Edition, KeyKind};
use agentdb_control_plane_store::{Feed, FeedItem, OrganizationChange};
use agentdb_ids::{NamespaceId, NodeId};
use serde_json::json;

use crate::account::{World, pattern};

async fn read(world: &World, node: NodeId, cursor: u64) -> Feed {
    world.stores.jobs().read_feed(node, cursor, 1_000, true, world.now()).await.expect("the store")
}

fn assignments(feed: &Feed) -> Vec<(NamespaceId, AssignmentState)> {
    feed.items
        .iter()
        .filter_map(|item| match item {
            FeedItem::Assignment(assignment) => Some((assignment.namespace_id, assignment.state)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_new_node_gets_an_empty_snapshot_and_then_only_what_is_new() {
    let world = World::new().await;
    let node = world.node().await;
    let start = read(&world, node, 0).await;
    assert!(start.snapshot && start.items.is_empty());
    assert!(start.cursor > 0, "the next poll is no new beginning");
    let idle = read(&world, node, start.cursor).await;
    assert!(!idle.snapshot && idle.items.is_empty() && idle.cursor == start.cursor);

    let (_, org_id) = world.account("a@example.com").await;
    let namespace = world.namespace(org_id, "ns").await;
    let feed = read(&world, node, start.cursor).await;
    assert!(matches!(&feed.items[0], FeedItem::Organization(org) if org.id == org_id), "limits come first");
    let FeedItem::Assignment(assignment) = &feed.items[1] else { panic!("{:?}", feed.items[1]) };
    assert_eq!((assignment.namespace_id, assignment.generation), (namespace.id, 1));
    assert_eq!(assignment.prefix, format!("ns/{}", namespace.id));
    assert_eq!(assignment.state, AssignmentState::Serve);
    assert!(read(&world, node, feed.cursor).await.items.is_empty());
}

#[tokio::test]
async fn events_say_how_things_are_now_each_once() {
    let world = World::new().await;
    let node = world.node().await;
    let start = read(&world, node, 0).await.cursor;
    let (_, org_id) = world.account("a@example.com").await;
    let namespace = world.namespace(org_id, "ns").await;
    world.purge(org_id, namespace.id).await;
    let jobs = world.stores.jobs();
    for change in [
        OrganizationChange::Edition(Edition::Professional),
        OrganizationChange::LimitOverrides(json!({"namespaces": 5})),
    ] {
        assert!(jobs.change_organization(org_id, &change, world.now()).await.expect("the store"));
    }
    let feed = read(&world, node, start).await;
    assert_eq!(assignments(&feed), [(namespace.id, AssignmentState::Delete)]);
    let organizations: Vec<_> = feed
        .items
        .iter()
        .filter_map(|item| match item {
            FeedItem::Organization(org) => Some((org.edition, org.policy_version, org.limit_overrides.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(organizations, [(Edition::Professional, 3, json!({"namespaces": 5}))]);
}

#[tokio::test]
async fn under_many_writers_a_reader_misses_nothing() {
    let world = World::new().await;
    let node = world.node().await;
    let mut orgs = Vec::new();
    for i in 0..8 {
        orgs.push(world.account(&format!("{i}@example.com")).await.1);
    }
    let mut cursor = read(&world, node, 0).await.cursor;
    let world = std::sync::Arc::new(world);
    let writers: Vec<_> = orgs
        .iter()
        .map(|org_id| {
            let (world, org_id) = (world.clone(), *org_id);
            tokio::spawn(async move {
                let mut made = Vec::new();
                for i in 0..12 {
                    made.push(world.namespace(org_id, &format!("ns-{i}")).await.id);
                }
                made
            })
        })
        .collect();
    let mut seen = BTreeSet::new();
    // Follows the feed while the writers are at work, as a node does.
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let feed = read(&world, node, cursor).await;
        assert!(!feed.snapshot);
        seen.extend(assignments(&feed).into_iter().map(|(id, _)| id));
        cursor = feed.cursor;
    }
    let feed = read(&world, node, cursor).await;
    seen.extend(assignments(&feed).into_iter().map(|(id, _)| id));
    let mut made = BTreeSet::new();
    for writer in writers {
        made.extend(writer.await.expect("the writer finished"));
    }
    assert_eq!(made.len(), 96);
    assert_eq!(seen, made);
    let state = feed.state.expect("it was asked for");
    assert_eq!((state.assignments.len(), state.organizations.len()), (96, 8));
}

#[tokio::test]
async fn a_node_that_is_behind_or_knows_another_database_gets_everything_there_is() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let start = read(&world, node, 0).await.cursor;
    let kept = world.namespace(org_id, "kept").await;
    let gone = world.namespace(org_id, "gone").await;
    let token = world.key(org_id, KeyKind::Api, None).await;
    world.purge(org_id, gone.id).await;
    let mut org = world.stores.org(org_id).await.expect("the store");
    org.revoke_api_key(&pattern("*"), token.key_id(), world.now()).await.expect("the store");
    org.commit().await.expect("the store");
    let newest = read(&world, node, start).await.cursor;

    let jobs = world.stores.jobs();
    assert!(jobs.hear_node(node, newest + 1, &[], world.now()).await.expect("the store").is_none(), "never sent");
    assert!(read(&world, node, newest + 1).await.snapshot);

    jobs.hear_node(node, newest, &[], world.now()).await.expect("the store").expect("known");
    world.clock.advance(Duration::from_secs(3601));
    let removed = jobs.clean_up(world.now()).await.expect("the store").events;
    assert_eq!(removed, newest - 1, "all that was acknowledged an hour ago");
    assert!(!read(&world, node, newest).await.snapshot, "the node that is not behind goes on");
    world.clock.set_wall(world.now() - Duration::from_secs(60));
    let snapshot = read(&world, node, start).await;
    assert!(snapshot.snapshot);
    let all: BTreeSet<_> =
        assignments(&snapshot).into_iter().map(|(id, state)| (id, state == AssignmentState::Delete)).collect();
    assert_eq!(all, BTreeSet::from([(kept.id, false), (gone.id, true)]));
    assert!(
        snapshot.items.contains(&FeedItem::Key(token.key_id(), 2)),
        "revoked within the hour: a grant on the node's disk may be older"
    );
}

#[tokio::test]
async fn announcements_reach_a_listener_in_another_connection() {
    let world = World::new().await;
    world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let mut changes = world.stores.jobs().listen().await.expect("the store");
    world.namespace(org_id, "ns").await;
    tokio::time::timeout(Duration::from_secs(5), changes.next()).await.expect("in time").expect("the connection holds");
}

#[tokio::test]
async fn a_snapshot_has_every_removal_that_is_not_done_and_of_the_others_the_newest() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let (unheard, stuck) = (world.namespace(org_id, "unheard").await, world.namespace(org_id, "stuck").await);
    let jobs = world.stores.jobs();
    for namespace in [&stuck, &unheard] {
        let heard = read(&world, node, 0).await.cursor;
        jobs.hear_node(node, heard, &[stuck.id], world.now()).await.expect("the store").expect("known");
        world.purge(org_id, namespace.id).await;
    }
    jobs.settle_namespaces(world.now()).await.expect("the store");
    // A thousand later removals that the node has long done.
    let admin = world.server.pool("postgres", 1).await;
    for statement in [
        "INSERT INTO control.namespaces (namespace_id, org_id, name, status, created_at, status_changed_at, deleted_at, purge_after)
         SELECT md5(i::text)::uuid, $1, 'gone', 'deleted', $2, $2, $2, $2 FROM generate_series(1, 1000) i",
        "INSERT INTO control.assignments (namespace_id, org_id, node_id, generation, state, cursor, changed_at)
         SELECT n.namespace_id, n.org_id, d.node_id, 1, 'delete', 1, n.deleted_at + interval '1 s'
         FROM control.namespaces n, control.nodes d WHERE n.name = 'gone' AND n.org_id = $1 AND n.created_at = $2",
    ] {
        sqlx::query(statement).bind(org_id.uuid()).bind(world.now()).execute(&admin).await.expect("inserted");
    }
    let snapshot = read(&world, node, 0).await;
    let all = assignments(&snapshot);
    for pending in [unheard, stuck] {
        assert!(all.contains(&(pending.id, AssignmentState::Delete)), "nobody has removed its data: {pending:?}");
    }
    assert_eq!(all.len(), 1_002);
}

#[tokio::test]
async fn removing_old_events_holds_up_nobody_who_publishes_and_works_in_batches() {
    let world = World::new().await;
    let node = world.node().await;
    let (_, org_id) = world.account("a@example.com").await;
    let admin = world.server.pool("postgres", 2).await;
    // 2,500 events that the node has applied, and one lock on the first of them.
    for statement in [
        "INSERT INTO control.policy_events (node_id, cursor, org_id, kind, subject, created_at)
         SELECT $1, i, $2, 'organization', $2, $3 FROM generate_series(2, 2501) i",
        "UPDATE control.nodes SET policy_cursor = 2501, acked_cursor = 2501
         WHERE node_id = $1 AND $2::uuid IS NOT NULL AND $3::timestamptz IS NOT NULL",
    ] {
        let statement = sqlx::query(statement).bind(node.uuid()).bind(org_id.uuid()).bind(world.now());
        statement.execute(&admin).await.expect("done");
    }
    let mut lock = agentdb_transaction::begin(&admin).await.expect("a transaction");
    sqlx::query("SELECT FROM control.policy_events WHERE cursor = 2 FOR UPDATE")
        .execute(&mut *lock)
        .await
        .expect("locked");
    world.clock.advance(Duration::from_secs(3601));
    world.stores.jobs().hear_node(node, 2_501, &[], world.now()).await.expect("the store").expect("known");
    let (jobs, now) = (world.stores.jobs(), world.now());
    let cleaning = tokio::spawn(async move { jobs.clean_up(now).await.expect("the store").events });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let waits =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'agentdb_jobs' AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&admin).await.expect("an answer") {
        assert!(tokio::time::Instant::now() < deadline, "the removal meets the lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let published = tokio::time::timeout(Duration::from_secs(10), world.namespace(org_id, "ns")).await;
    assert!(published.is_ok(), "an event is published while old ones are removed");
    assert!(read(&world, node, 2).await.snapshot, "the mark holds before the rows are gone");
    lock.commit().await.expect("released");
    assert_eq!(cleaning.await.expect("it ran"), 2_500, "in one run, however many batches");
    assert_eq!(assignments(&read(&world, node, 2_501).await).len(), 1);
}
