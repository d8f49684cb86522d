//! What the service answered.

use anyhow::{Context as _, Result, ensure};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// A reply, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The body as JSON; null when it is none.
    pub json: Value,
    /// What was asked, for messages.
    pub request: String,
}

impl Reply {
    pub(super) async fn read(request: String, response: reqwest::Response) -> Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.with_context(|| format!("{request}: the body broke off"))?.to_vec();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Self { status, headers, body, json, request })
    }

    /// The same reply when its status is the expected one, otherwise an error that quotes it.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(self.status == status, "{}: expected {status}, got {} {}", self.request, self.status, self.text());
        Ok(self)
    }

    /// The same reply when its status is one of success, otherwise an error that quotes it.
    pub fn ok(self) -> Result<Self> {
        ensure!((200..300).contains(&self.status), "{}: got {} {}", self.request, self.status, self.text());
        Ok(self)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The problem's code; empty when there is none.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// `result` of a data reply.
    pub fn result(&self) -> &Value {
        &self.json["result"]
    }

    /// The hits of a query; empty when there are none.
    pub fn hits(&self) -> &[Value] {
        self.result()["hits"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The records of a fetch or scan; empty when there are none.
    pub fn records(&self) -> &[Value] {
        self.result()["records"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The identifiers of the hits or records, in their order.
    pub fn ids(&self) -> Vec<&str> {
        let found = if self.result()["hits"].is_array() { self.hits() } else { self.records() };
        found.iter().filter_map(|one| one["id"].as_str()).collect()
    }

    /// The commit in the receipt of a data reply.
    pub fn commit(&self) -> Result<u64> {
        self.json["receipt"]["commit"]
            .as_u64()
            .with_context(|| format!("{}: no commit in {}", self.request, self.text()))
    }

    /// Units of a meter in the receipt of a data reply; 0 when it does not name the meter.
    pub fn units(&self, meter: &str) -> u64 {
        let receipt = &self.json["receipt"];
        receipt["milli_units"][meter].as_u64().or_else(|| receipt[meter].as_u64()).unwrap_or(0)
    }

    /// The body of a problem without what differs between two equal refusals: the request's identifier.
    pub fn without_request_id(&self) -> String {
        let id = self.json["request_id"].as_str().unwrap_or_default();
        if id.is_empty() { self.text() } else { self.text().replace(id, "<request id>") }
    }
}
