use std::sync::OnceLock;

use agentdb_clock::SystemClock;
use agentdb_control_plane_contract::{Checkpoint, CheckpointReply, Grant, KeyUses};
use agentdb_ids::ApiKeyId;
use async_trait::async_trait;
use http::StatusCode;

use super::*;
use crate::{config::GrantsConfig, metering::bench::Bench};

/// A control plane that has nothing to tell to those who wait, and under whose every poll removals end.
#[derive(Debug, Default)]
struct Busy(OnceLock<Arc<Feed>>);

#[async_trait]
impl Line for Busy {
    async fn grant(&self, _: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        Ok(None)
    }

    async fn policy(&self, _: u64, wait: Duration, _: bool, _: &[NamespaceId]) -> Result<PolicyBatch, ClientError> {
        for _ in 0..10 {
            self.0.get().expect("set").erased.notify_one();
            tokio::task::yield_now().await;
        }
        if !wait.is_zero() {
            std::future::pending::<()>().await;
        }
        Ok(PolicyBatch { cursor: 7, snapshot: false, events: Vec::new(), digest: None })
    }

    async fn checkpoint(&self, _: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }

    async fn key_uses(&self, _: &KeyUses) -> Result<(), ClientError> {
        Err(ClientError::Status(StatusCode::SERVICE_UNAVAILABLE))
    }
}

#[tokio::test]
async fn removals_that_end_one_after_the_other_do_not_keep_answers_out() {
    let bench = Bench::new().await;
    let line = Arc::new(Busy::default());
    let grants = bench.dir.path().join("grants.json");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let eraser = Eraser {
        opener: Arc::clone(&bench.opener),
        registry: Arc::clone(&bench.registry),
        reporter: Arc::clone(&bench.reporter),
    };
    let stop = CancellationToken::new();
    let feed = Arc::new(Feed::new(
        Arc::clone(&line) as Arc<dyn Line>,
        Arc::clone(&bench.registry),
        Arc::new(GrantCache::load(grants, GrantsConfig::default(), Arc::clone(&clock), Arc::clone(&line) as _)),
        Arc::new(eraser),
        Arc::clone(&bench.opener.lease),
        AssignmentsConfig::default(),
        clock,
        TaskTracker::new(),
        stop.clone(),
    ));
    line.0.set(Arc::clone(&feed)).expect("once");
    let running = tokio::spawn(feed.run());
    let heard = async {
        while bench.registry.cursor() != 7 {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), heard).await.is_ok(), "no poll was answered");
    stop.cancel();
    running.await.expect("no panic");
}
