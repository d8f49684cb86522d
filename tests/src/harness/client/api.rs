//! One address, one credential.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::Reply;

#[derive(Clone)]
enum Credential {
    None,
    Key(String),
    Session { cookie: String, csrf: String },
}

/// A caller of the service. Clones share their connections.
#[derive(Clone)]
pub struct Api {
    base: String,
    http: reqwest::Client,
    credential: Credential,
}

impl Api {
    /// Somebody without a credential. `base` is `http://host:port`.
    pub fn anonymous(base: &str) -> Result<Self> {
        Ok(Self { base: base.to_owned(), http: connections()?, credential: Credential::None })
    }

    /// The same connections with an API key.
    #[must_use]
    pub fn with_key(&self, secret: &str) -> Self {
        Self { credential: Credential::Key(secret.to_owned()), ..self.clone() }
    }

    /// The same connections with a console session.
    #[must_use]
    pub fn with_session(&self, cookie: &str, csrf: &str) -> Self {
        Self { credential: Credential::Session { cookie: cookie.to_owned(), csrf: csrf.to_owned() }, ..self.clone() }
    }

    /// The same connections without a credential.
    #[must_use]
    pub fn without_credential(&self) -> Self {
        Self { credential: Credential::None, ..self.clone() }
    }

    /// The same credential on connections of its own.
    pub fn on_new_connection(&self) -> Result<Self> {
        Ok(Self { http: connections()?, ..self.clone() })
    }

    /// The same credential and connections, at another address.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// A request with the credential, not yet sent. `path` begins with `/`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let reads = method == Method::GET || method == Method::HEAD;
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.credential {
            Credential::None => request,
            Credential::Key(secret) => request.bearer_auth(secret),
            Credential::Session { cookie, csrf } => {
                let request = request.header("cookie", cookie);
                if reads { request } else { request.header("x-csrf-token", csrf) }
            }
        }
    }

    /// Sends a request and reads the whole reply.
    pub async fn send(&self, request: RequestBuilder) -> Result<Reply> {
        let request = request.build().context("the request cannot be built")?;
        let what = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.with_context(|| what.clone())?;
        Reply::read(what, response).await
    }

    /// Any method with a JSON body, or none.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply> {
        let request = self.request(method, path);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.call(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Reply> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Reply> {
        self.call(Method::DELETE, path, None).await
    }

    /// A collection of a namespace, for this caller. Nothing is sent.
    pub fn collection(&self, namespace: &str, name: &str) -> super::Collection {
        super::Collection::new(self.clone(), namespace, name)
    }
}

fn connections() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(60))
        .build()
        .context("no HTTP client")
}
