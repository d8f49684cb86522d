//! What nodes are told.

use std::time::Duration;

use agentdb_clock::{SystemClock, SystemEntropy};
use agentdb_control_plane_contract::{
    Assignment, AssignmentState, ClientError, Edition, OrgPolicy, PolicyBatch, PolicyEvent, RootSecret,
    policy::{MAX_ERASING, digest},
};
use agentdb_control_plane_store::OrganizationChange;
use agentdb_ids::{ApiKeyId, NamespaceId, NodeId};
use http::{Method, StatusCode};
use serde_json::json;

use crate::service::{Node, Service};

/// Something done while a node waits reaches it before it would look for itself. The best of three, since the machine
/// may be busy; without announcements none would be that fast.
const ANNOUNCED: Duration = Duration::from_millis(500);

/// Polls from `cursor` while `action` happens a little later: what came, and how long after the action began.
async fn while_waiting<T>(node: &Node, cursor: u64, action: impl Future<Output = T>) -> (PolicyBatch, T, Duration) {
    let later = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = tokio::time::Instant::now();
        (action.await, begun)
    };
    let waiting = async { (node.poll(cursor, 20).await, tokio::time::Instant::now()) };
    let ((batch, heard), (done, begun)) = tokio::join!(waiting, later);
    (batch, done, heard.saturating_duration_since(begun))
}

#[tokio::test]
async fn a_revocation_and_a_changed_limit_reach_a_waiting_node_at_once() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let following = node.follow().await;
    person.call(Method::PUT, &person.path("/namespaces/ns"), Some(json!({}))).await;
    drop(following);
    let mut cursor = node.poll(0, 0).await.cursor;
    let mut fastest = [Duration::MAX; 2];
    for (round, edition) in [Edition::Professional, Edition::Enterprise, Edition::Community].into_iter().enumerate() {
        let (key_id, _) = person.key(&["read"], "*").await;
        let path = person.path(&format!("/api-keys/{key_id}"));
        let revoke = person.call(Method::DELETE, &path, None);
        let (batch, revoked, took) = while_waiting(&node, cursor, revoke).await;
        assert_eq!(revoked.status, 204);
        let key_id: ApiKeyId = key_id.parse().expect("an id");
        assert_eq!(batch.events, [PolicyEvent::KeyChanged { key_id, version: 2 }]);
        assert!(node.client.grant(key_id).await.expect("an answer").is_none(), "an answer from now on says so too");
        fastest[0] = fastest[0].min(took);

        let (jobs, change) = (service.stores.jobs(), OrganizationChange::Edition(edition));
        let org_id = person.org.parse().expect("an id");
        let change = jobs.change_organization(org_id, &change, chrono::DateTime::UNIX_EPOCH);
        let (batch, changed, took) = while_waiting(&node, batch.cursor, change).await;
        assert!(changed.expect("the store"));
        let [PolicyEvent::Organisation(policy)] = &batch.events[..] else { panic!("{:?}", batch.events) };
        assert_eq!((policy.edition, policy.limits.requests_per_second), (edition, [500, 5_000, 10][round]));
        assert!(node.poll(batch.cursor, 0).await.events.is_empty(), "nothing is said twice");
        fastest[1] = fastest[1].min(took);
        cursor = batch.cursor;
    }
    assert!(fastest.iter().all(|took| *took < ANNOUNCED), "{fastest:?}");
}

#[tokio::test]
async fn the_digest_is_that_of_what_the_node_was_told_through_the_whole_life_of_a_namespace() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let mut assignments: std::collections::HashMap<_, Assignment> = std::collections::HashMap::new();
    let mut organisations: std::collections::HashMap<_, OrgPolicy> = std::collections::HashMap::new();
    let mut cursor = node.poll(0, 0).await.cursor;
    for step in 0..8 {
        let at = cursor;
        // The answer waits for the node, which hears of it before.
        let asked = async |method: Method, verb: &str, body: Option<serde_json::Value>| {
            let path = person.path(&format!("/namespaces/ns{verb}"));
            tokio::select! {
                _ = person.call(method, &path, body) => {}
                _ = node.poll(at, 10) => {}
            }
        };
        match step {
            1 => asked(Method::PUT, "", Some(json!({}))).await,
            2 => asked(Method::POST, "/suspend", None).await,
            3 => asked(Method::POST, "/resume", None).await,
            4 => asked(Method::DELETE, "", None).await,
            5 => asked(Method::POST, "/undelete", Some(json!({}))).await,
            6 => asked(Method::DELETE, "", None).await,
            7 => asked(Method::DELETE, "?purge=true&confirm=ns", None).await,
            _ => {}
        }
        let batch = node.client.policy(cursor, Duration::ZERO, true, &[]).await.expect("an answer");
        cursor = batch.cursor;
        for event in batch.events {
            match event {
                PolicyEvent::Assignment(assignment) => drop(assignments.insert(assignment.namespace_id, assignment)),
                PolicyEvent::Organisation(policy) => drop(organisations.insert(policy.org_id, policy)),
                PolicyEvent::KeyChanged { .. } => {}
            }
        }
        assert_eq!(batch.digest, Some(digest(assignments.values(), organisations.values())), "step {step}");
    }
    assert_eq!((assignments.len(), organisations.len()), (1, 1));
    node.poll(cursor, 0).await;
    let snapshot = node.client.policy(0, Duration::ZERO, true, &[]).await.expect("an answer");
    assert!(snapshot.snapshot);
    assert_eq!(snapshot.digest, Some(digest(assignments.values(), organisations.values())), "after the deletion");
}

#[tokio::test]
async fn a_namespace_is_over_when_the_node_says_that_the_data_are_gone_and_not_before() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let node = service.node().await;
    let following = node.follow().await;
    let path = person.path("/namespaces/ns");
    person.call(Method::PUT, &path, Some(json!({}))).await;
    drop(following);
    assert_eq!(person.get(&path).await.body["status"], "ready");
    let cursor = node.poll(0, 0).await.cursor;
    let deleted = person.call(Method::DELETE, &path, None).await;
    assert_eq!(deleted.status, 202);
    let batch = node.poll(cursor, 0).await;
    let [PolicyEvent::Assignment(retained)] = &batch.events[..] else { panic!("{:?}", batch.events) };
    assert_eq!(retained.state, AssignmentState::Retain);
    let path = person.path(&format!("/namespaces/{}", deleted.body["id"].as_str().expect("an id")));
    assert_eq!(person.call(Method::DELETE, &format!("{path}?purge=true&confirm=ns"), None).await.status, 202);
    let batch = node.poll(batch.cursor, 0).await;
    let [PolicyEvent::Assignment(removal)] = &batch.events[..] else { panic!("{:?}", batch.events) };
    assert_eq!(removal.state, AssignmentState::Delete);

    let poll = async |erasing: &[NamespaceId]| node.client.policy(batch.cursor, Duration::ZERO, false, erasing).await;
    poll(&[removal.namespace_id]).await.expect("an answer");
    assert_eq!(person.get(&path).await.body["status"], "purging");
    let others = vec![NamespaceId::generate(&SystemClock::new(), &SystemEntropy); MAX_ERASING + 1];
    let refused = poll(&others).await;
    assert!(matches!(refused, Err(ClientError::Status(StatusCode::BAD_REQUEST))), "too many: {refused:?}");
    assert_eq!(person.get(&path).await.body["status"], "purging", "what is refused says nothing");
    poll(&others[..MAX_ERASING]).await.expect("an answer");
    // Settled by the poll, before the reconciler looks.
    assert_eq!(person.get(&path).await.body["status"], "deleted");
}

#[tokio::test]
async fn a_node_speaks_for_itself_alone_and_strangers_are_not_answered() {
    let service = Service::start().await;
    let person = service.person("a@example.com").await;
    let (node, other) = (service.node().await, service.node().await);
    let (key_id, secret) = person.key(&["read"], "prod-*").await;
    let key_id: ApiKeyId = key_id.parse().expect("an id");
    let grant = node.client.grant(key_id).await.expect("an answer").expect("a grant");
    let token = agentdb_control_plane_contract::ApiKeyToken::parse(&secret).expect("a key");
    assert!(token.matches(&grant.token_sha256));
    assert_eq!(grant.namespaces.as_str(), "prod-*");
    let unknown = ApiKeyId::generate(&SystemClock::new(), &SystemEntropy);
    assert!(node.client.grant(unknown).await.expect("an answer").is_none());

    // With the credential of one node, in the name of another.
    let forged = agentdb_control_plane_contract::NodeCredential::from_hex(
        other.id,
        &RootSecret::generate(&SystemEntropy).credential(other.id).expose_hex(),
    )
    .expect("a credential");
    let base = format!("http://{}", node.address);
    let client = agentdb_control_plane_contract::InternalClient::new(
        base.parse().expect("a URL"),
        forged,
        std::sync::Arc::new(SystemClock::new()),
        std::sync::Arc::new(SystemEntropy),
    )
    .expect("a client");
    let refused = client.grant(key_id).await;
    assert!(matches!(refused, Err(ClientError::Status(StatusCode::UNAUTHORIZED))), "{refused:?}");
    let refused = client.policy(0, Duration::ZERO, false, &[]).await;
    assert!(matches!(refused, Err(ClientError::Status(StatusCode::UNAUTHORIZED))), "{refused:?}");
    let admin = service.server.pool("postgres", 1).await;
    let known: Vec<uuid::Uuid> = agentdb_control_plane_store::sqlx::query_scalar("SELECT node_id FROM control.nodes")
        .fetch_all(&admin)
        .await
        .expect("nodes");
    assert!(!known.contains(&NodeId::uuid(other.id)), "an impostor is not registered");
}

#[tokio::test]
async fn waiting_nodes_are_sent_home_when_the_control_plane_stops() {
    let service = Service::start().await;
    let node = service.node().await;
    let cursor = node.poll(0, 0).await.cursor;
    let begun = tokio::time::Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        service.control.shutdown().await;
    };
    let (batch, ()) = tokio::join!(node.poll(cursor, 30), stop);
    assert!(batch.events.is_empty() && batch.cursor == cursor);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
