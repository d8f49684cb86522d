//! A control plane with its router, and people who use it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use agentdb_clock::{Clock, SystemClock, SystemEntropy};
use agentdb_control_plane_contract::{InternalClient, PolicyBatch, RootSecret};
use agentdb_control_plane_server::{
    Config, ControlPlane, EncryptionKeys,
    config::{Argon2Params, Auth, Rate},
};
use agentdb_control_plane_store::{OrganizationChange, Stores, sqlx};
use agentdb_ids::NodeId;
use agentdb_problem::{RequestIds, with_request_id};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    middleware::from_fn_with_state,
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;

use crate::postgres::TestPostgres;

pub const PASSWORD: &str = "plum tree 77";

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The error code of a refusal.
    pub fn code(&self) -> (u16, &str) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
        (self.status.as_u16(), self.body["code"].as_str().expect("a refusal has a code"))
    }

    /// The body without what differs from request to request.
    pub fn comparable(&self) -> Value {
        let mut body = self.body.clone();
        body.as_object_mut().expect("an object").remove("request_id").expect("a refusal has a request id");
        body
    }
}

/// A control plane on a PostgreSQL of its own.
pub struct Service {
    pub control: ControlPlane,
    pub stores: Stores,
    public: Router,
    secret: RootSecret,
    pub server: TestPostgres,
}

/// Fast hashes and no throttle that a test would meet by accident.
pub fn config() -> Config {
    let plenty = Rate { per_minute: 60_000.try_into().expect("not zero"), burst: 60_000.try_into().expect("not zero") };
    let auth = Auth {
        argon2: Argon2Params { memory_kib: 64, passes: 1, lanes: 1 },
        by_address: plenty,
        by_email: plenty,
        mails: plenty,
        invitations: plenty,
        key_lookups: plenty,
        by_person: plenty,
        ..Auth::default()
    };
    Config { auth, ..Config::at("http://127.0.0.1:8080".parse().expect("a URL")) }
}

impl Service {
    pub async fn start() -> Self {
        Self::with(config()).await
    }

    pub async fn with(config: Config) -> Self {
        Self::at(config, Arc::new(SystemClock::new())).await
    }

    /// With a time of its own.
    pub async fn at(config: Config, clock: Arc<dyn Clock>) -> Self {
        Self::on(TestPostgres::start().await, config, EncryptionKeys::generate(&SystemEntropy), clock).await
    }

    /// On a database that may have been another's before, with the keys of its secrets.
    pub async fn on(server: TestPostgres, config: Config, keys: EncryptionKeys, clock: Arc<dyn Clock>) -> Self {
        let stores = server.stores().await;
        let secret = RootSecret::generate(&SystemEntropy);
        let entropy = Arc::new(SystemEntropy);
        let control = ControlPlane::start(config, stores.clone(), secret.clone(), keys, clock.clone(), entropy.clone())
            .expect("the configuration is good");
        let ids = RequestIds::new(clock, entropy);
        let public = control.public_router().layer(from_fn_with_state(ids, with_request_id));
        Self { control, stores, public, secret, server }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5))));
        let response = self.public.clone().oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        assert!(parts.headers.contains_key("x-request-id"));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request without a credential.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send(request(method, path, body).body_of()).await
    }

    /// Signs up and reads the link in the mail.
    pub async fn sign_up(&self, email: &str) -> String {
        let body = json!({"email": email, "password": PASSWORD, "organization_name": "Org"});
        let answer = self.call(Method::POST, "/v1/auth/signup", Some(body)).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        self.token_of(email, "/verify", 1).await
    }

    /// The token in the newest captured mail.
    pub async fn newest_token(&self, email: &str) -> String {
        let mail = self.newest_mail(email).await;
        let link = mail["link"].as_str().expect("a link");
        link.split_once("token=").expect("a token in the link").1.to_owned()
    }

    /// The newest captured mail, once there is one.
    pub async fn newest_mail(&self, email: &str) -> Value {
        self.newest_mail_of(email, 1).await
    }

    /// The newest captured mail, once there are `count`: mails leave after the answer to what caused them.
    pub async fn newest_mail_of(&self, email: &str, count: usize) -> Value {
        let path = format!("/v1/auth/captured-mail?email={}", email.replace('+', "%2B"));
        for _ in 0..200 {
            let answer = self.call(Method::GET, &path, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let mails = answer.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
            if mails.len() >= count {
                return mails[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} mails for {email} did not come within 5 s");
    }

    /// The token in the newest invitation, once `count` of them were sent to the address.
    pub async fn invitation(&self, email: &str, count: usize) -> String {
        self.token_of(email, "/invitation", count).await
    }

    /// The token in the newest captured link to a page, once there are `count` of them.
    async fn token_of(&self, email: &str, page: &str, count: usize) -> String {
        let (path, start) =
            (format!("/v1/auth/captured-mail?email={}", email.replace('+', "%2B")), format!("{page}?token="));
        for _ in 0..200 {
            let answer = self.call(Method::GET, &path, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let mails = answer.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
            let links = mails.iter().filter_map(|mail| mail["link"].as_str());
            let tokens: Vec<_> = links.filter_map(|link| link.split_once(&start)).collect();
            if tokens.len() >= count {
                return tokens[0].1.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} mails for {email} with a link to {page} did not come within 5 s");
    }

    /// The newest captured mail whose subject says `about`, once there are `count` of them. By when it was written:
    /// mails of one millisecond are in no order.
    pub async fn mail_about(&self, email: &str, about: &str, count: usize) -> Value {
        for _ in 0..200 {
            let mut mails = self.mails(email).await;
            mails.retain(|mail| mail["subject"].as_str().is_some_and(|subject| subject.contains(about)));
            mails.sort_by_key(|mail| mail["at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok()));
            if mails.len() >= count {
                return mails.pop().expect("at least one");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} mails about {about} for {email} did not come within 5 s");
    }

    /// All captured mail.
    pub async fn mails(&self, email: &str) -> Vec<Value> {
        let answer = self.call(Method::GET, &format!("/v1/auth/captured-mail?email={email}"), None).await;
        answer.body["messages"].as_array().expect("messages").clone()
    }

    /// Tries to log in.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.call(Method::POST, "/v1/auth/login", Some(json!({"email": email, "password": password}))).await
    }

    /// The person in another browser.
    pub async fn again<'a>(&'a self, email: &str, person: &Person<'_>) -> Person<'a> {
        let answer = self.log_in(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Person { service: self, cookie: cookie(&answer), csrf: csrf(&answer), org: person.org.clone() }
    }

    /// Somebody who is signed in and owns an organisation.
    pub async fn person(&self, email: &str) -> Person<'_> {
        let token = self.sign_up(email).await;
        let body = json!({"token": token, "password": PASSWORD});
        let answer = self.call(Method::POST, "/v1/auth/verify", Some(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut person = Person { service: self, cookie: cookie(&answer), csrf: csrf(&answer), org: String::new() };
        let me = person.get("/v1/me").await;
        person.org = me.body["organizations"][0]["id"].as_str().expect("an organisation").to_owned();
        person
    }

    /// A node's line to the internal routes, over HTTP.
    pub async fn node(&self) -> Node {
        let id = NodeId::generate(&SystemClock::new(), &SystemEntropy);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = self.control.internal_router();
        let serve = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let client = InternalClient::new(
            format!("http://{address}").parse().expect("a URL"),
            self.secret.credential(id),
            Arc::new(SystemClock::new()),
            Arc::new(SystemEntropy),
        )
        .expect("a client");
        Node { id, client, address, _serve: AbortOnDropHandle::new(serve) }
    }
}

/// A node that can be asked to follow the feed.
pub struct Node {
    pub id: NodeId,
    pub client: InternalClient,
    pub address: SocketAddr,
    _serve: AbortOnDropHandle<()>,
}

impl Node {
    pub async fn poll(&self, cursor: u64, wait_s: u64) -> PolicyBatch {
        self.client.policy(cursor, Duration::from_secs(wait_s), false, &[]).await.expect("an answer")
    }

    /// Follows the feed as a node does that applies everything at once.
    pub async fn follow(&self) -> AbortOnDropHandle<()> {
        let mut cursor = self.poll(0, 0).await.cursor;
        let client = self.client.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                match client.policy(cursor, Duration::from_secs(5), false, &[]).await {
                    Ok(batch) => cursor = batch.cursor,
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        }))
    }
}

/// A signed-in person.
pub struct Person<'a> {
    pub service: &'a Service,
    pub cookie: String,
    pub csrf: String,
    pub org: String,
}

impl Person<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = request(method, path, body);
        request.headers.insert(header::COOKIE, self.cookie.parse().expect("a header"));
        request.headers.insert("x-csrf-token", self.csrf.parse().expect("a header"));
        self.service.send(request.body_of()).await
    }

    /// A call with more headers.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = request(method, path, body);
        request.headers.insert(header::COOKIE, self.cookie.parse().expect("a header"));
        request.headers.insert("x-csrf-token", self.csrf.parse().expect("a header"));
        for (name, value) in headers {
            request.headers.insert(*name, value.parse().expect("a header"));
        }
        self.service.send(request.body_of()).await
    }

    /// Room for as many keys as a test makes.
    pub async fn with_room_for_keys(self) -> Self {
        let change = OrganizationChange::LimitOverrides(json!({"api_keys": 20}));
        let org_id = self.org.parse().expect("an id");
        let jobs = self.service.stores.jobs();
        assert!(jobs.change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
        self
    }

    /// A path in the person's organisation.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/orgs/{}{rest}", self.org)
    }

    /// Gives the person another role in their organisation.
    pub async fn becomes(&self, role: &str) {
        let org_id: agentdb_ids::OrgId = self.org.parse().expect("an id");
        let admin = self.service.server.pool("postgres", 1).await;
        let changed = sqlx::query("UPDATE control.memberships SET role = $2 WHERE org_id = $1")
            .bind(org_id.uuid())
            .bind(role)
            .execute(&admin)
            .await;
        assert_eq!(changed.expect("the store").rows_affected(), 1);
    }

    /// The audit log, newest first, when the person may read it.
    pub async fn events(&self) -> Vec<Value> {
        let answer = self.get(&self.path("/audit-events?limit=200")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["items"].as_array().expect("items").clone()
    }

    /// A new key with these scopes: its id and its text.
    pub async fn key(&self, scopes: &[&str], namespaces: &str) -> (String, String) {
        let body = json!({"name": "key", "namespaces": namespaces, "scopes": scopes});
        let answer = self.call(Method::POST, &self.path("/api-keys"), Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let text = |member: &str| answer.body[member].as_str().expect(member).to_owned();
        (text("id"), text("secret"))
    }
}

impl<'a> Person<'a> {
    /// Invites somebody to the person's organisation.
    pub async fn invite(&self, email: &str, role: &str) -> Answer {
        self.call(Method::POST, &self.path("/invitations"), Some(json!({"email": email, "role": role}))).await
    }

    /// Somebody new who belongs to the person's organisation too: their id, and they themselves, for whom that is *the*
    /// organisation.
    pub async fn colleague(&self, email: &str, role: &str) -> (String, Person<'a>) {
        let mut colleague = self.service.person(email).await;
        let invited = self.invite(email, role).await;
        assert_eq!(invited.status, 201, "{invited:?}");
        let accepted = colleague.accept(&self.service.invitation(email, 1).await).await;
        assert_eq!(accepted.status, 200, "{accepted:?}");
        colleague.org.clone_from(&self.org);
        let me = colleague.get("/v1/me").await;
        (me.body["user"]["id"].as_str().expect("an id").to_owned(), colleague)
    }

    pub async fn accept(&self, token: &str) -> Answer {
        self.call(Method::POST, "/v1/me/invitations/accept", Some(json!({"token": token}))).await
    }
}

/// A request by key.
pub async fn by_key(service: &Service, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = request(method, path, body);
    request.headers.insert(header::AUTHORIZATION, format!("Bearer {key}").parse().expect("a header"));
    service.send(request.body_of()).await
}

/// The token in the link of a mail.
pub fn token_of(mail: &Value) -> String {
    mail["link"].as_str().and_then(|link| link.split_once("token=")).expect("a token in the link").1.to_owned()
}

/// Where a 400 points, and why.
pub fn pointed(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["errors"][0];
    let text = |member: &str| error[member].as_str().expect("text");
    (answer.status.as_u16(), text("pointer"), text("code"))
}

/// A request by key that the proxy before the service says to come from `address`.
pub async fn by_key_from(service: &Service, address: &str, key: &str, method: Method, path: &str) -> Answer {
    let mut request = request(method, path, None);
    request.headers.insert(header::AUTHORIZATION, format!("Bearer {key}").parse().expect("a header"));
    request.headers.insert("x-forwarded-for", address.parse().expect("a header"));
    service.send(request.body_of()).await
}

pub fn cookie(answer: &Answer) -> String {
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("a cookie").to_owned()
}

pub fn csrf(answer: &Answer) -> String {
    answer.body["csrf_token"].as_str().expect("a token").to_owned()
}

/// A request that is being written.
pub struct Draft {
    method: Method,
    path: String,
    pub headers: HeaderMap,
    body: Option<Value>,
}

pub fn request(method: Method, path: &str, body: Option<Value>) -> Draft {
    Draft { method, path: path.to_owned(), headers: HeaderMap::new(), body }
}

impl Draft {
    pub fn body_of(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        if self.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = self.body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let mut request = request.body(body).expect("a request");
        request.headers_mut().extend(self.headers);
        request
    }
}
