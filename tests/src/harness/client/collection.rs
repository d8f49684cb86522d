//! The data operations of one collection.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, Reply};

/// A collection as one caller reaches it. Clones share their connections.
#[derive(Clone)]
pub struct Collection {
    api: Api,
    path: String,
}

impl Collection {
    pub(super) fn new(api: Api, namespace: &str, name: &str) -> Self {
        Self { api, path: format!("/v1/namespaces/{namespace}/collections/{name}") }
    }

    /// The same collection for another caller.
    #[must_use]
    pub fn as_seen_by(&self, api: &Api) -> Self {
        Self { api: api.clone(), path: self.path.clone() }
    }

    /// `/v1/namespaces/{ns}/collections/{c}`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Creates it: `PUT` with the schema.
    pub async fn create(&self, schema: &Value) -> Result<Reply> {
        self.api.put(&self.path, schema).await
    }

    /// Describes it.
    pub async fn describe(&self) -> Result<Reply> {
        self.api.get(&self.path).await
    }

    /// Removes it.
    pub async fn remove(&self) -> Result<Reply> {
        self.api.delete(&self.path).await
    }

    /// Writes records.
    pub async fn upsert(&self, records: &[Value]) -> Result<Reply> {
        self.act("upsert", &json!({ "records": records })).await
    }

    /// Writes records under an idempotency key.
    pub async fn upsert_once(&self, idempotency_key: &str, records: &[Value]) -> Result<Reply> {
        let request = self.api.request(Method::POST, &format!("{}/upsert", self.path));
        let request = request.header("idempotency-key", idempotency_key).json(&json!({ "records": records }));
        self.api.send(request).await
    }

    /// Removes records.
    pub async fn delete(&self, ids: &[&str]) -> Result<Reply> {
        self.act("delete", &json!({ "ids": ids })).await
    }

    /// Reads records by id.
    pub async fn fetch(&self, ids: &[&str]) -> Result<Reply> {
        self.act("fetch", &json!({ "ids": ids })).await
    }

    /// Counts records; the body may hold a filter.
    pub async fn count(&self, body: &Value) -> Result<Reply> {
        self.act("count", body).await
    }

    /// Lists records.
    pub async fn scan(&self, body: &Value) -> Result<Reply> {
        self.act("scan", body).await
    }

    /// Asks.
    pub async fn query(&self, body: &Value) -> Result<Reply> {
        self.act("query", body).await
    }

    /// `POST <collection>/<verb>`.
    pub async fn act(&self, verb: &str, body: &Value) -> Result<Reply> {
        self.api.post(&format!("{}/{verb}", self.path), body).await
    }
}
