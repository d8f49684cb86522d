//! A world for a test: PostgreSQL, billing on it, and nodes that report.

mod cluster;

use std::sync::Arc;

use agentdb_billing_server::{Billing, Config, Pools, migrate};
use agentdb_clock::{Clock, ManualClock, SeededEntropy, SystemEntropy};
use agentdb_control_plane_contract::{
    Checkpoint, CheckpointReply, ClientError, Counter, Edition, InternalClient, Meter, NodeCredential, OrgScope,
    Principal, Role, RootSecret, Source,
};
use agentdb_ids::{ApiKeyId, IncarnationId, NamespaceId, NodeId, OrgId, UserId};
use axum::{
    Extension,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use cluster::Cluster;
use serde_json::Value;
use sqlx::PgPool;
use tower::ServiceExt as _;

/// An hour in the middle of November 2026.
pub const NOW: &str = "2026-11-22T13:30:00Z";

pub struct World {
    pub clock: ManualClock,
    pub billing: Billing,
    pub pools: Pools,
    /// Sees everything, whatever the policies.
    pub superuser: PgPool,
    ids: SeededEntropy,
    secret: RootSecret,
    address: std::net::SocketAddr,
    _cluster: Cluster,
}

/// A node of the world.
pub struct Node {
    pub id: NodeId,
    pub incarnation: IncarnationId,
    client: InternalClient,
}

impl World {
    pub async fn new() -> Self {
        let cluster = Cluster::start();
        let superuser = cluster.pool("postgres", 4).await;
        sqlx::raw_sql(include_str!("../../../../../control-plane/store/src/roles.sql"))
            .execute(&superuser)
            .await
            .expect("roles");
        sqlx::raw_sql("ALTER ROLE agentdb_app LOGIN; ALTER ROLE agentdb_jobs LOGIN")
            .execute(&superuser)
            .await
            .expect("log-in");
        migrate(&superuser).await.expect("migrations");
        let pools = Pools { app: cluster.pool("agentdb_app", 4).await, jobs: cluster.pool("agentdb_jobs", 4).await };
        let clock = ManualClock::at(NOW.parse().expect("a time"));
        let secret = RootSecret::generate(&SystemEntropy);
        let billing = Billing::start(Config::new(secret.clone()), pools.clone(), Arc::new(clock.clone()))
            .expect("a price book is in force");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let internal = billing.internal_router();
        tokio::spawn(async move { axum::serve(listener, internal).await });
        Self { clock, billing, pools, superuser, ids: SeededEntropy::new(7), secret, address, _cluster: cluster }
    }

    pub fn node(&self) -> Node {
        let id = NodeId::generate(&self.clock, &self.ids);
        self.node_with(id, self.secret.credential(id))
    }

    pub fn node_with(&self, id: NodeId, credential: NodeCredential) -> Node {
        let base = format!("http://{}", self.address).parse().expect("a URL");
        let client = InternalClient::new(base, credential, Arc::new(self.clock.clone()), Arc::new(SystemEntropy));
        let incarnation = IncarnationId::generate(&self.clock, &self.ids);
        Node { id, incarnation, client: client.expect("a client") }
    }

    pub fn org(&self) -> OrgId {
        OrgId::generate(&self.clock, &self.ids)
    }

    pub fn namespace(&self) -> NamespaceId {
        NamespaceId::generate(&self.clock, &self.ids)
    }

    pub fn key(&self) -> ApiKeyId {
        ApiKeyId::generate(&self.clock, &self.ids)
    }

    pub fn hour(&self) -> i64 {
        self.clock.hour()
    }

    /// GET as a member of `org`, who has passed the access layer.
    pub async fn get(&self, org: OrgId, edition: Edition, path: &str) -> (StatusCode, Value) {
        let principal = Principal::User(UserId::generate(&self.clock, &self.ids));
        self.get_as(OrgScope { org_id: org, principal, role: Role::ReadOnly, edition, whole_org: true }, path).await
    }

    /// GET with an `admin` key of `org` whose pattern names only some namespaces.
    pub async fn get_with_bound_key(&self, org: OrgId, path: &str) -> (StatusCode, Value) {
        let principal = Principal::ApiKey(self.key());
        let edition = Edition::Professional;
        self.get_as(OrgScope { org_id: org, principal, role: Role::Admin, edition, whole_org: false }, path).await
    }

    async fn get_as(&self, scope: OrgScope, path: &str) -> (StatusCode, Value) {
        let app = self.billing.public_router().layer(Extension(scope));
        let uri = format!("/v1/orgs/{}{path}", scope.org_id);
        let request = Request::get(uri).body(Body::empty()).expect("a request");
        let response = app.oneshot(request).await.expect("a router does not fail");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// The sums that billing keeps equal the sums of its counters.
    pub async fn assert_sums_agree(&self) {
        let wrong: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (
                 SELECT org_id, hour, meter, namespace_id, key_id, sum(value) AS quantity
                 FROM billing.usage_counters GROUP BY 1, 2, 3, 4, 5 HAVING sum(value) > 0) counters
             FULL JOIN billing.usage_hourly hourly USING (org_id, hour, meter, namespace_id, key_id)
             WHERE counters.quantity IS DISTINCT FROM hourly.quantity",
        )
        .fetch_one(&self.superuser)
        .await
        .expect("a count");
        assert_eq!(wrong, 0, "hours differ from their counters");
        let wrong: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (
                 SELECT org_id, meter, sum(quantity) AS quantity,
                        extract(epoch FROM date_trunc('month', to_timestamp(hour * 3600) AT TIME ZONE 'UTC'))::bigint / 3600
                            AS month_start_hour
                 FROM billing.usage_hourly GROUP BY 1, 2, 4) hours
             FULL JOIN billing.usage_monthly monthly USING (org_id, month_start_hour, meter)
             WHERE hours.quantity IS DISTINCT FROM monthly.quantity",
        )
        .fetch_one(&self.superuser)
        .await
        .expect("a count");
        assert_eq!(wrong, 0, "months differ from their hours");
    }

    pub async fn alerts(&self) -> Vec<(String, i64, i64, i64)> {
        sqlx::query_as("SELECT kind, kept, reported, occurrences FROM billing.usage_alerts ORDER BY kind, hour, meter")
            .fetch_all(&self.superuser)
            .await
            .expect("alerts")
    }
}

impl Node {
    pub fn checkpoint(&self, counters: Vec<Counter>) -> Checkpoint {
        Checkpoint { node_id: self.id, incarnation: self.incarnation, sequence: 1, counters, interest: Vec::new() }
    }

    pub async fn report(&self, counters: Vec<Counter>) -> CheckpointReply {
        self.send(&self.checkpoint(counters)).await.expect("billing takes the report")
    }

    pub async fn send(&self, checkpoint: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        self.client.checkpoint(checkpoint).await
    }

    /// A counter of reads through this node.
    pub fn counter(&self, who: Whose, meter: Meter, hour: i64, value: u64) -> Counter {
        let source = Source::Node(self.incarnation);
        Counter { source, org_id: who.org, namespace_id: who.namespace, key_id: who.key, meter, hour, value }
    }
}

/// Whom a counter is for.
#[derive(Clone, Copy)]
pub struct Whose {
    pub org: OrgId,
    pub namespace: NamespaceId,
    pub key: Option<ApiKeyId>,
}

impl Whose {
    pub fn new(world: &World) -> Self {
        Self { org: world.org(), namespace: world.namespace(), key: Some(world.key()) }
    }

    /// A counter of writes in the namespace's log.
    pub fn log_counter(self, meter: Meter, hour: i64, value: u64) -> Counter {
        let source = Source::Log(self.namespace);
        Counter { source, org_id: self.org, namespace_id: self.namespace, key_id: self.key, meter, hour, value }
    }
}
