use std::{sync::Arc, time::Duration};

use agentdb_clock::{Clock, Entropy};
use agentdb_ids::{ApiKeyId, NamespaceId};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    Checkpoint, CheckpointReply, Grant, KeyUses, NodeCredential, PolicyBatch,
    signing::{NODE, NONCE, RequestParts, SIGNATURE, TIMESTAMP, same},
};

/// Why a call to the control plane or billing gave no answer. All are worth another try later.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody there, or no answer in time.
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// The reply is not signed with our key.
    #[error("the reply was not signed by the control plane")]
    Impostor,
    /// A refusal.
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    /// The reply cannot be read.
    #[error("the reply cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// A node's line to the control plane and billing. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InternalClient {
    http: reqwest::Client,
    base: Url,
    credential: NodeCredential,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl InternalClient {
    /// A client for the internal listener at `base`, such as `http://127.0.0.1:7001`.
    ///
    /// # Errors
    /// When the machine gives no TLS roots to build the client with.
    pub fn new(
        base: Url,
        credential: NodeCredential,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        Self::believing(None, base, credential, clock, entropy)
    }

    /// The same, which believes these authorities (certificates in PEM) about a listener with TLS, and no others; `None`
    /// for those of the machine.
    ///
    /// # Errors
    /// When they are not certificates, or the machine gives no TLS roots to build the client with.
    pub fn believing(
        authorities: Option<&[u8]>,
        base: Url,
        credential: NodeCredential,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if let Some(authorities) = authorities {
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(authorities)?);
        }
        let http = http.build()?;
        Ok(Self { http, base, credential, clock, entropy })
    }

    /// The grant of a key, `None` when there is no such key for this node.
    ///
    /// # Errors
    /// When the control plane gives no answer.
    pub async fn grant(&self, key_id: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        let path = format!("/internal/v1/nodes/{}/grants/{key_id}", self.credential.node_id());
        match self.call(Method::GET, &path, Vec::new(), None).await {
            Ok(grant) => Ok(Some(grant)),
            Err(ClientError::Status(StatusCode::NOT_FOUND)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What changed after `cursor`, waiting up to `wait` for something to change. Everything up to `cursor` is
    /// applied, but that the data of the namespaces `erasing` are not removed yet, at most
    /// [`MAX_ERASING`](crate::policy::MAX_ERASING); none for cursor 0.
    ///
    /// # Errors
    /// When the control plane gives no answer.
    pub async fn policy(
        &self,
        cursor: u64,
        wait: Duration,
        with_digest: bool,
        erasing: &[NamespaceId],
    ) -> Result<PolicyBatch, ClientError> {
        let mut path = format!(
            "/internal/v1/nodes/{}/policy?cursor={cursor}&wait_s={}&digest={with_digest}",
            self.credential.node_id(),
            wait.as_secs(),
        );
        if !erasing.is_empty() {
            let ids: Vec<_> = erasing.iter().map(ToString::to_string).collect();
            path = format!("{path}&erasing={}", ids.join(","));
        }
        self.call(Method::GET, &path, Vec::new(), Some(wait + Duration::from_secs(10))).await
    }

    /// Reports usage; once this returns, billing has it.
    ///
    /// # Errors
    /// When billing gives no answer: the report must be made again.
    pub async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        let body = serde_json::to_vec(checkpoint)?;
        self.call(Method::POST, "/internal/v1/usage/checkpoints", body, None).await
    }

    /// Tells when and from where keys were last used.
    ///
    /// # Errors
    /// When the control plane gives no answer.
    pub async fn key_uses(&self, uses: &KeyUses) -> Result<(), ClientError> {
        let path = format!("/internal/v1/nodes/{}/key-uses", self.credential.node_id());
        self.call(Method::POST, &path, serde_json::to_vec(uses)?, None).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path_and_query: &str,
        body: Vec<u8>,
        timeout: Option<Duration>,
    ) -> Result<T, ClientError> {
        let timestamp = self.clock.now().timestamp().to_string();
        let nonce = hex::encode(self.entropy.nonce());
        let signature = self.credential.sign_request(&RequestParts {
            method: method.as_str(),
            path_and_query,
            timestamp: &timestamp,
            nonce: &nonce,
            body: &body,
        });
        let url = format!("{}{path_and_query}", self.base.as_str().trim_end_matches('/'));
        let mut request = self
            .http
            .request(method, url)
            .header(NODE, self.credential.node_id().to_string())
            .header(TIMESTAMP, timestamp)
            .header(NONCE, &nonce)
            .header(SIGNATURE, signature)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        let response = request.send().await?;
        let status = response.status();
        let signature = response.headers().get(SIGNATURE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let bytes = response.bytes().await?;
        let expected = self.credential.sign_response(&nonce, status.as_u16(), &bytes);
        if !signature.is_some_and(|s| same(&s, &expected)) {
            // A refusal before authentication is not signed; it may be believed only as a refusal.
            return Err(if status.is_success() || status == StatusCode::NOT_FOUND {
                ClientError::Impostor
            } else {
                ClientError::Status(status)
            });
        }
        if !status.is_success() {
            return Err(ClientError::Status(status));
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}
