//! One organisation with keys and a namespace on a running node.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentdb_clock::{Clock, Entropy, SystemClock, SystemEntropy};
use agentdb_control_plane_contract::{
    ApiKeyToken, Assignment, AssignmentState, Edition, Feature, Grant, InternalClient, KeyKind, Limits, OrgPolicy,
    Scope, Standing,
};
use agentdb_data_plane_engine::{Store, StoreConfig};
use agentdb_data_plane_node::{Node, NodeConfig};
use agentdb_ids::{ApiKeyId, NamespaceId, NodeId, OrgId};
use agentdb_problem::RequestIds;
use axum::middleware::from_fn_with_state;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use http::{HeaderMap, Method, StatusCode};
use object_store::ObjectStore;
use serde_json::{Value, json};

use crate::plane::Plane;

pub const DEADLINE: Duration = Duration::from_secs(20);

/// What stays when the node is killed.
pub struct World {
    pub plane: Arc<Plane>,
    pub dir: Arc<tempfile::TempDir>,
    pub org_id: OrgId,
    pub node_id: NodeId,
    pub key: ApiKeyToken,
    pub namespace_id: NamespaceId,
    pub clock: Arc<MovedClock>,
}

/// The machine's clock, whose monotonic time a test can move ahead: the node's.
#[derive(Debug, Default)]
pub struct MovedClock {
    system: SystemClock,
    ahead_ms: AtomicU64,
}

impl MovedClock {
    pub fn advance(&self, by: Duration) {
        self.ahead_ms.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        self.system.now()
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

/// A running node and a client of it.
pub struct Life {
    pub node: Node,
    pub base: String,
    pub http: reqwest::Client,
    pub token: String,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: usize,
}

pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

pub fn limits() -> Limits {
    Limits {
        namespaces: 10,
        api_keys: 10,
        members: 10,
        requests_per_second: 10_000,
        request_burst: 10_000,
        concurrent_requests: 100,
        query_milli_units_per_second: 1 << 40,
        query_milli_units_burst: 1 << 40,
        write_milli_units_per_second: 1 << 40,
        write_milli_units_burst: 1 << 40,
        fair_share: 1,
        vector_dimension: 4_096,
        storage_bytes: 1 << 30,
        collections_per_namespace: 10,
        history_days: 1,
        undelete_days: 1,
        query_milli_units_per_month: Some(1_000_000_000),
        write_milli_units_per_month: Some(1_000_000_000),
        embedding_tokens_per_month: Some(1_000_000),
    }
}

impl World {
    pub async fn new() -> Self {
        let (clock, entropy) = (clock(), entropy());
        let org_id = OrgId::generate(&*clock, &*entropy);
        let key = ApiKeyToken::generate(ApiKeyId::generate(&*clock, &*entropy), &*entropy);
        let world = Self {
            plane: Plane::start().await,
            dir: Arc::new(tempfile::tempdir().expect("a directory")),
            org_id,
            node_id: NodeId::generate(&*clock, &*entropy),
            key,
            namespace_id: NamespaceId::generate(&*clock, &*entropy),
            clock: Arc::default(),
        };
        world.set_policy(|_| {});
        world.grant(&world.key, |_| {});
        world.place("main", world.namespace_id, AssignmentState::Serve);
        world
    }

    pub fn set_policy(&self, change: impl FnOnce(&mut OrgPolicy)) {
        self.plane.tell(|told| {
            let policy = told.organisations.entry(self.org_id).or_insert_with(|| OrgPolicy {
                org_id: self.org_id,
                version: 0,
                edition: Edition::Community,
                features: [Feature::Collections, Feature::Embedding].into(),
                limits: limits(),
                standing: Standing::Good,
            });
            change(policy);
            policy.version += 1;
        });
    }

    pub fn grant(&self, key: &ApiKeyToken, change: impl FnOnce(&mut Grant)) {
        let mut grant = Grant {
            key_id: key.key_id(),
            version: 1,
            org_id: self.org_id,
            token_sha256: key.sha256(),
            kind: KeyKind::Api,
            scopes: vec![Scope::Read, Scope::Write],
            namespaces: agentdb_control_plane_contract::NamespacePattern::any(),
            allowed_addresses: Vec::new(),
            limits: agentdb_control_plane_contract::KeyLimits::default(),
            expires_at: None,
        };
        change(&mut grant);
        self.plane.tell(|told| {
            told.grants.insert(grant.key_id, grant);
        });
    }

    /// Another key, with what `change` makes of its grant.
    pub fn new_key(&self, change: impl FnOnce(&mut Grant)) -> ApiKeyToken {
        let key = ApiKeyToken::generate(ApiKeyId::generate(&*clock(), &*entropy()), &*entropy());
        self.grant(&key, change);
        key
    }

    pub fn place(&self, name: &str, namespace_id: NamespaceId, state: AssignmentState) {
        self.plane.tell(|told| {
            let assignment = Assignment {
                namespace_id,
                org_id: self.org_id,
                name: name.to_owned(),
                prefix: format!("ns/{namespace_id}"),
                generation: 1,
                state,
            };
            told.assignments.insert(namespace_id, assignment);
        });
    }

    pub fn objects(&self) -> PathBuf {
        self.dir.path().join("objects")
    }

    /// Starts the node and waits until it has heard everything told so far.
    pub async fn start(&self) -> Life {
        self.start_with(|_| {}).await
    }

    /// As [`World::start`], with settings that `change` makes.
    pub async fn start_with(&self, change: impl FnOnce(&mut NodeConfig)) -> Life {
        self.start_behind(|objects| objects, change).await
    }

    /// As [`World::start_with`], with its object store behind what `wrap` makes of it.
    pub async fn start_behind(
        &self,
        wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>,
        change: impl FnOnce(&mut NodeConfig),
    ) -> Life {
        let life = self.launch(wrap, change).await;
        let version = self.plane.told.lock().version;
        until("the node has applied the policy", || self.plane.told.lock().applied >= version).await;
        life
    }

    /// Starts the node and waits until it is ready, whoever is away.
    pub async fn start_alone(&self) -> Life {
        self.launch(|objects| objects, |_| {}).await
    }

    async fn launch(
        &self,
        wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>,
        change: impl FnOnce(&mut NodeConfig),
    ) -> Life {
        let (clock, entropy) = (clock(), entropy());
        let store = Store::open(&StoreConfig::directory(&self.objects())).await.expect("a store").wrapped(wrap);
        let credential = self.plane.secret.credential(self.node_id);
        let client = InternalClient::new(self.plane.url.clone(), credential, Arc::clone(&clock), Arc::clone(&entropy))
            .expect("a client");
        let mut config = NodeConfig::new(self.node_id, self.dir.path().join("node"));
        config.metering.report_every_ms = 200;
        config.grants.refresh_wait_ms = 200;
        config.grants.report_uses_every_ms = 200;
        config.assignments.poll_wait_s = 1;
        config.assignments.digest_every_s = 1;
        change(&mut config);
        let moved = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let node =
            Node::start(config, store, None, client, moved, Arc::clone(&entropy)).await.expect("the node starts");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let router =
            node.router().layer(from_fn_with_state(RequestIds::new(clock, entropy), agentdb_problem::with_request_id));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        until("the node is ready", || node.ready()).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Life { node, base, http, token: self.key.expose().to_owned() }
    }
}

impl Life {
    pub fn with(&self, key: &ApiKeyToken) -> Self {
        let token = key.expose().to_owned();
        Self { node: self.node.clone(), base: self.base.clone(), http: self.http.clone(), token }
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut request =
            self.http.request(method, format!("{}/v1/namespaces/{path}", self.base)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Reply::read(request.send().await.expect("a reply")).await
    }

    /// A POST that is in work, as `noticed` sees, and whose body is not complete; its length is not announced.
    pub async fn slow_post(&self, path: &str, noticed: impl AsyncFn() -> bool) -> SlowPost {
        let in_work = async {
            loop {
                let slow = self.begin_post(path);
                // Over at once when what asks was in its way.
                while !slow.reply.is_finished() {
                    if noticed().await {
                        return slow;
                    }
                }
            }
        };
        tokio::time::timeout(DEADLINE, in_work).await.expect("the request is in work")
    }

    fn begin_post(&self, path: &str) -> SlowPost {
        let (rest, end) = futures::channel::oneshot::channel::<Vec<u8>>();
        let begin = futures::stream::iter([Ok(b" ".to_vec())]);
        let body = reqwest::Body::wrap_stream(begin.chain(futures::stream::once(end)));
        let url = format!("{}/v1/namespaces/{path}", self.base);
        let request = self.http.post(url).bearer_auth(&self.token).header("content-type", "application/json");
        let sent = request.body(body).send();
        let reply = tokio::spawn(async move { Reply::read(sent.await.expect("a reply")).await });
        SlowPost { rest, reply }
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    /// A collection `docs` with two-number vectors, text and an attribute.
    pub async fn with_docs(self) -> Self {
        let schema = json!({
            "vector": {"dimension": 2, "metric": "cosine"}, "text": {"language": "en"},
            "attributes": {"page": "int", "lang": "string"},
        });
        let reply = self.put("main/collections/docs", schema).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        self
    }
}

/// A request on its way.
pub struct SlowPost {
    rest: futures::channel::oneshot::Sender<Vec<u8>>,
    reply: tokio::task::JoinHandle<Reply>,
}

impl SlowPost {
    /// Sends what is missing of the body and waits for the reply.
    pub async fn finish(self, body: &Value) -> Reply {
        self.rest.send(body.to_string().into_bytes()).expect("the request is under way");
        self.reply.await.expect("no panic")
    }
}

impl Reply {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status, headers, body, bytes: bytes.len() }
    }

    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self
    }

    /// The code and, where one is named, the first wrong field of a refusal.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let pointer = self.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default(), pointer)
    }

    pub fn units(&self, meter: &str) -> u64 {
        self.body["receipt"]["milli_units"][meter].as_u64().unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Waits for a condition, with a deadline.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "waited in vain until {what}");
}

/// As [`until`], of something that is asked for.
pub async fn until_asked<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "waited in vain until {what}");
}
