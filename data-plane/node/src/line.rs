//! The line to the other planes, as far as the node needs it.

use std::time::Duration;

use agentdb_control_plane_contract::{
    Checkpoint, CheckpointReply, ClientError, Grant, InternalClient, KeyUses, PolicyBatch,
};
use agentdb_ids::{ApiKeyId, NamespaceId};
use async_trait::async_trait;

/// The control plane and billing. A trait because the other side is a network.
#[async_trait]
pub(crate) trait Line: Send + Sync + std::fmt::Debug + 'static {
    async fn grant(&self, key_id: ApiKeyId) -> Result<Option<Grant>, ClientError>;
    async fn policy(
        &self,
        cursor: u64,
        wait: Duration,
        with_digest: bool,
        erasing: &[NamespaceId],
    ) -> Result<PolicyBatch, ClientError>;
    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<CheckpointReply, ClientError>;
    async fn key_uses(&self, uses: &KeyUses) -> Result<(), ClientError>;
}

#[async_trait]
impl Line for InternalClient {
    async fn grant(&self, key_id: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        Self::grant(self, key_id).await
    }

    async fn policy(
        &self,
        cursor: u64,
        wait: Duration,
        with_digest: bool,
        erasing: &[NamespaceId],
    ) -> Result<PolicyBatch, ClientError> {
        Self::policy(self, cursor, wait, with_digest, erasing).await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        Self::checkpoint(self, checkpoint).await
    }

    async fn key_uses(&self, uses: &KeyUses) -> Result<(), ClientError> {
        Self::key_uses(self, uses).await
    }
}
