//! A request for each operation that would succeed if the thing were the caller's.

use anyhow::{Result, bail};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::description::Operation;
use agentdb_tests::harness::Api;

/// What a path's parameters are filled with.
#[derive(Clone, Debug)]
pub struct Names {
    pub org: String,
    pub key: String,
    pub event: String,
    pub member: String,
    pub invitation: String,
    pub namespace: String,
    pub collection: String,
    /// A browser in which the person is signed in.
    pub session: String,
}

impl Names {
    /// The path with its parameters filled in; a parameter that is not known here is an operation that is not covered.
    pub fn path(&self, operation: &Operation) -> Result<String> {
        let mut path = String::new();
        for segment in operation.path.split('/').skip(1) {
            path.push('/');
            path.push_str(match segment {
                "{org}" => &self.org,
                "{key}" => &self.key,
                "{event}" => &self.event,
                "{user}" => &self.member,
                "{invitation}" => &self.invitation,
                "{ns}" | "{namespace}" => &self.namespace,
                "{c}" | "{collection}" => &self.collection,
                "{session}" => &self.session,
                parameter if parameter.starts_with('{') => {
                    bail!("{} {} is not covered: what is {parameter}?", operation.method, operation.path)
                }
                literal => literal,
            });
        }
        Ok(path)
    }
}

/// The request of an operation on things of these names, complete but for the credential's right.
pub fn request(api: &Api, operation: &Operation, names: &Names) -> Result<RequestBuilder> {
    let request = api.request(operation.method.clone(), &names.path(operation)?);
    Ok(match body(operation)? {
        Some(body) => request.json(&body),
        None => request,
    })
}

fn body(operation: &Operation) -> Result<Option<Value>> {
    let last = operation.path.rsplit('/').next().unwrap_or_default();
    let body = match (&operation.method, last) {
        (&Method::PUT, "{ns}" | "{namespace}") => json!({}),
        (&Method::PUT, "{c}" | "{collection}") => json!({"vector": {"dimension": 2, "metric": "cosine"}}),
        (&Method::POST, "api-keys") => json!({"name": "stolen", "namespaces": "*", "scopes": ["read"]}),
        (&Method::POST, "invitations") => json!({"email": "spy@example.com", "role": "admin"}),
        (&Method::PATCH, "{org}") => json!({"name": "Taken over"}),
        (&Method::PATCH, "{user}") => json!({"role": "billing"}),
        (&Method::PATCH, "{key}") => json!({"name": "stolen"}),
        (&Method::PATCH, "{ns}") => json!({"labels": {"stolen": "yes"}}),
        (&Method::POST, "undelete") => json!({}),
        (&Method::POST, "rotate") => json!({"overlap_s": 3600}),
        (&Method::POST, "upsert") => json!({"records": [{"id": "secret", "vector": [0.5, 0.5]}]}),
        (&Method::POST, "patch") => json!({"patches": [{"id": "secret", "vector": [0.5, 0.25]}]}),
        (&Method::POST, "delete" | "fetch") => json!({"ids": ["secret"]}),
        (&Method::POST, "query") => json!({"vector": [0.5, 0.5]}),
        (&Method::POST, "multi-query") => json!({"queries": [{"vector": [0.5, 0.5]}]}),
        (&Method::POST, "count" | "scan" | "recall") => json!({}),
        _ if operation.body => {
            bail!("{} {} is not covered: what is its body?", operation.method, operation.path)
        }
        _ => return Ok(None),
    };
    Ok(Some(body))
}
