//! A wrong request and the refusal it must meet.

use agentdb_tests::harness::{Api, Reply};
use anyhow::Result;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A wrong request.
pub struct Case {
    pub what: &'static str,
    pub api: Api,
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, String)>,
    pub status: u16,
    pub code: &'static str,
    /// What `detail` or a pointer of `errors` must contain.
    pub names: &'static str,
}

impl Case {
    /// A wrong POST, answered with 400 `invalid_request` that names `names`.
    pub fn post(what: &'static str, api: &Api, path: impl Into<String>, body: &Value, names: &'static str) -> Self {
        Self {
            what,
            api: api.clone(),
            method: Method::POST,
            path: path.into(),
            body: Some(body.to_string().into_bytes()),
            headers: vec![("content-type", "application/json".to_owned())],
            status: 400,
            code: "invalid_request",
            names,
        }
    }

    /// A wrong GET.
    pub fn get(what: &'static str, api: &Api, path: impl Into<String>, names: &'static str) -> Self {
        Self {
            body: None,
            headers: Vec::new(),
            method: Method::GET,
            ..Self::post(what, api, path, &Value::Null, names)
        }
    }

    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub fn raw(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    pub fn names(self, names: &'static str) -> Self {
        Self { names, ..self }
    }

    pub fn answers(self, status: u16, code: &'static str) -> Self {
        Self { status, code, ..self }
    }

    pub fn request(&self) -> Result<RequestBuilder> {
        let mut request = self.api.request(self.method.clone(), &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Ok(match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
    }

    /// Why the reply is not the refusal that it should be.
    pub fn judge(&self, reply: &Reply) -> Option<String> {
        if (reply.status, reply.code()) != (self.status, self.code) {
            return Some(format!("expected {} {}", self.status, self.code));
        }
        if reply.header("content-type") != Some("application/problem+json") {
            return Some(format!("content-type {:?}", reply.header("content-type")));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = reply.json["errors"].as_array().cloned().unwrap_or_default();
        let named = text(&reply.json["detail"]).contains(self.names)
            || errors.iter().any(|error| text(&error["pointer"]).contains(self.names));
        if !named {
            return Some(format!("does not name `{}`", self.names));
        }
        let whole = ["type", "title", "request_id", "help"].iter().all(|member| !text(&reply.json[*member]).is_empty());
        (!whole || reply.json["status"] != self.status).then(|| "is not a whole problem".to_owned())
    }
}
