use std::time::Duration;

use agentdb_control_plane_contract::{PolicyBatch, PolicyEvent, policy};
use agentdb_control_plane_store::{Feed, FeedItem};
use agentdb_ids::{NamespaceId, NodeId};
use agentdb_problem::{Json, Path, Problem, Query};
use axum::{Extension, extract::State};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::only_itself;
use crate::{EditionBook, refusal::store_failed, state::AppState};

/// The longest that a request waits for something to happen, in seconds.
const MAX_WAIT_S: u64 = 30;

/// While waiting, the feed is looked at this often even if nothing is announced.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The most events of one answer.
const MAX_EVENTS: i64 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    /// Everything up to here the node has applied.
    cursor: u64,
    #[serde(default)]
    wait_s: u64,
    #[serde(default)]
    digest: bool,
    /// But for the data of these.
    #[serde(default, deserialize_with = "ids")]
    erasing: Vec<NamespaceId>,
}

/// Namespaces with commas between them, at most [`policy::MAX_ERASING`].
fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NamespaceId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let ids: Vec<NamespaceId> = text
        .split(',')
        .take(policy::MAX_ERASING + 1)
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)?;
    if ids.len() > policy::MAX_ERASING {
        return Err(D::Error::custom(format!("at most {} namespaces", policy::MAX_ERASING)));
    }
    Ok(ids)
}

/// `GET /internal/v1/nodes/{node}/policy?cursor=C&wait_s=W&digest=D&erasing=E`: what happened after the cursor. A
/// request for the digest does not wait. The first call of a node makes it known.
pub(super) async fn read_policy(
    State(app): State<AppState>,
    Extension(caller): Extension<NodeId>,
    Path(node_id): Path<NodeId>,
    Query(poll): Query<Poll>,
) -> Result<Json<PolicyBatch>, Problem> {
    let node_id = only_itself(caller, node_id)?;
    let wait = if poll.digest { 0 } else { poll.wait_s.min(MAX_WAIT_S) };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait);
    let mut changes = app.changes.subscribe();
    let heard = app.jobs.hear_node(node_id, poll.cursor, &poll.erasing, app.now()).await.map_err(store_failed)?;
    if heard.is_some_and(|cursors| cursors.advanced) {
        // Those who wait for a namespace hear of it now, not at the next run of the reconciler.
        app.jobs.settle_namespaces(app.now()).await.map_err(store_failed)?;
    }
    loop {
        // Marked as seen before reading, so that a change while reading wakes at once.
        changes.mark_unchanged();
        let feed =
            app.jobs.read_feed(node_id, poll.cursor, MAX_EVENTS, poll.digest, app.now()).await.map_err(store_failed)?;
        let now = tokio::time::Instant::now();
        if feed.snapshot || feed.cursor > poll.cursor || now >= deadline || app.stopping.is_cancelled() {
            return Ok(Json(batch(&app.editions, feed)));
        }
        tokio::select! {
            () = app.stopping.cancelled() => {}
            _ = changes.changed() => {}
            () = tokio::time::sleep((deadline - now).min(LOOK_EVERY)) => {}
        }
    }
}

fn batch(editions: &EditionBook, feed: Feed) -> PolicyBatch {
    let digest = feed.state.map(|state| {
        let organizations: Vec<_> = state.organizations.iter().map(|org| editions.policy(org)).collect();
        policy::digest(state.assignments.iter(), organizations.iter())
    });
    let events = feed
        .items
        .into_iter()
        .map(|item| match item {
            FeedItem::Assignment(assignment) => PolicyEvent::Assignment(assignment),
            FeedItem::Organization(organization) => PolicyEvent::Organisation(editions.policy(&organization)),
            FeedItem::Key(key_id, version) => PolicyEvent::KeyChanged { key_id, version },
        })
        .collect();
    PolicyBatch { cursor: feed.cursor, snapshot: feed.snapshot, events, digest }
}
