//! A control plane and billing that know what the test tells them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use agentdb_clock::SystemClock;
use agentdb_control_plane_contract::{
    Assignment, Checkpoint, CheckpointReply, Counter, Grant, KeyUse, KeyUses, Meter, MonthTotals, OrgPolicy,
    PolicyBatch, PolicyEvent, RootSecret,
    policy::digest,
    signing::{InternalAuth, authenticate},
};
use agentdb_ids::{ApiKeyId, NamespaceId, OrgId};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use parking_lot::Mutex;
use reqwest::Url;
use serde::Deserialize;

#[derive(Debug, Default)]
pub struct Told {
    pub grants: HashMap<ApiKeyId, Grant>,
    pub assignments: BTreeMap<NamespaceId, Assignment>,
    pub organisations: BTreeMap<OrgId, OrgPolicy>,
    pub changes: Vec<(ApiKeyId, u64)>,
    pub version: u64,
    /// The highest cursor the node has polled with.
    pub applied: u64,
    /// What it said with it that it has not removed yet.
    pub erasing: Vec<NamespaceId>,
    pub polls: usize,
    pub counters: HashMap<String, Counter>,
    pub decreases: usize,
    /// What it said of the last uses of keys, in order.
    pub uses: Vec<KeyUse>,
}

#[derive(Debug)]
pub struct Plane {
    pub told: Mutex<Told>,
    pub away: AtomicBool,
    /// Takes reports and says nothing.
    pub silent: AtomicBool,
    pub secret: RootSecret,
    pub url: Url,
}

#[derive(Deserialize)]
struct Poll {
    cursor: u64,
    wait_s: u64,
    digest: bool,
    #[serde(default)]
    erasing: String,
}

impl Plane {
    pub async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URL");
        let secret = RootSecret::new(vec![7; 32]).expect("long enough");
        let plane = Arc::new(Self {
            told: Mutex::default(),
            away: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            secret,
            url,
        });
        let auth = InternalAuth { secret: plane.secret.clone(), clock: Arc::new(SystemClock::new()) };
        let router = Router::new()
            .route("/internal/v1/nodes/{node}/policy", get(policy))
            .route("/internal/v1/nodes/{node}/grants/{key}", get(grant))
            .route("/internal/v1/nodes/{node}/key-uses", post(key_uses))
            .route("/internal/v1/usage/checkpoints", post(checkpoint))
            .layer(from_fn_with_state(auth, authenticate))
            .with_state(Arc::clone(&plane));
        tokio::spawn(async move { axum::serve(listener, router).await });
        plane
    }

    pub fn tell(&self, change: impl FnOnce(&mut Told)) {
        let mut told = self.told.lock();
        change(&mut told);
        told.version += 1;
    }

    /// The sum of a meter over all sources, of one key where one is named.
    pub fn billed(&self, meter: Meter, key: Option<ApiKeyId>) -> u64 {
        let told = self.told.lock();
        let of_meter = told.counters.values().filter(|counter| counter.meter == meter);
        of_meter.filter(|counter| key.is_none() || counter.key_id == key).map(|counter| counter.value).sum()
    }

    pub fn decreases(&self) -> usize {
        self.told.lock().decreases
    }

    fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }
}

fn unavailable() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

async fn policy(State(plane): State<Arc<Plane>>, Query(poll): Query<Poll>) -> Response {
    {
        let mut told = plane.told.lock();
        told.polls += 1;
        if poll.cursor >= told.applied {
            told.applied = poll.cursor;
            told.erasing = poll.erasing.split(',').filter_map(|id| id.parse().ok()).collect();
        }
    }
    for _ in 0..poll.wait_s * 50 {
        if plane.is_away() || plane.told.lock().version != poll.cursor {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if plane.is_away() {
        return unavailable();
    }
    let told = plane.told.lock();
    let changed = told.version != poll.cursor;
    let mut events = Vec::new();
    if changed {
        events.extend(told.organisations.values().cloned().map(PolicyEvent::Organisation));
        events.extend(told.assignments.values().cloned().map(PolicyEvent::Assignment));
        events.extend(
            told.changes.iter().map(|(key_id, version)| PolicyEvent::KeyChanged { key_id: *key_id, version: *version }),
        );
    }
    let snapshot = poll.cursor == 0;
    let digest = poll.digest.then(|| digest(told.assignments.values(), told.organisations.values()));
    Json(PolicyBatch { cursor: told.version, snapshot, events, digest }).into_response()
}

async fn grant(State(plane): State<Arc<Plane>>, Path((_, key)): Path<(String, ApiKeyId)>) -> Response {
    if plane.is_away() {
        return unavailable();
    }
    match plane.told.lock().grants.get(&key) {
        Some(grant) => Json(grant.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn key_uses(State(plane): State<Arc<Plane>>, Json(report): Json<KeyUses>) -> Response {
    if plane.is_away() {
        return unavailable();
    }
    plane.told.lock().uses.extend(report.uses);
    Json(()).into_response()
}

async fn checkpoint(State(plane): State<Arc<Plane>>, Json(checkpoint): Json<Checkpoint>) -> Response {
    if plane.silent.load(Ordering::SeqCst) {
        return std::future::pending().await;
    }
    if plane.is_away() {
        return unavailable();
    }
    let mut told = plane.told.lock();
    let mut interest = checkpoint.interest.clone();
    for counter in checkpoint.counters {
        interest.push(counter.org_id);
        let name = format!(
            "{} {} {:?} {:?} {}",
            counter.source, counter.namespace_id, counter.key_id, counter.meter, counter.hour
        );
        match told.counters.get(&name).map(|known| known.value) {
            Some(known) if known > counter.value => told.decreases += 1,
            _ => {
                told.counters.insert(name, counter);
            }
        }
    }
    interest.sort_unstable();
    interest.dedup();
    let months = interest.into_iter().map(|org_id| totals(&told, org_id)).collect();
    Json(CheckpointReply { sequence: checkpoint.sequence, months }).into_response()
}

/// Everything the test ever counted is of one month, unless it runs over the turn of one.
fn totals(told: &Told, org_id: OrgId) -> MonthTotals {
    use chrono::{Datelike as _, Months, NaiveTime, TimeZone as _, Utc};

    let hours = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp() / 3_600;
    let now = told.counters.values().map(|c| c.hour).max().unwrap_or_else(|| {
        use agentdb_clock::Clock as _;
        SystemClock::new().hour()
    });
    let first = Utc.timestamp_opt(now * 3_600, 0).single().expect("a time").date_naive().with_day(1).expect("a day");
    let sum = |meter| {
        let mine = told.counters.values().filter(|c| c.org_id == org_id && c.meter == meter);
        mine.map(|c| c.value).sum()
    };
    MonthTotals {
        org_id,
        month_start_hour: hours(first),
        month_end_hour: hours(first + Months::new(1)),
        query: sum(Meter::Query),
        write: sum(Meter::Write),
        embedding_tokens: sum(Meter::EmbeddingTokens),
    }
}
