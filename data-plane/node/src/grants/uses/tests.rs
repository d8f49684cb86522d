use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use agentdb_clock::{Clock as _, Entropy as _, ManualClock, SeededEntropy};
use agentdb_control_plane_contract::{Checkpoint, CheckpointReply, NamespacePattern, PolicyBatch, Scope};
use agentdb_ids::{NamespaceId, OrgId, Uuid};
use async_trait::async_trait;
use http::StatusCode;

use super::*;

/// A control plane that keeps what it is told.
#[derive(Debug, Default)]
struct Plane {
    reports: Mutex<Vec<Vec<KeyUse>>>,
    away: AtomicBool,
}

#[async_trait]
impl Line for Plane {
    async fn grant(&self, _: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        Ok(None)
    }

    async fn policy(&self, _: u64, _: Duration, _: bool, _: &[NamespaceId]) -> Result<PolicyBatch, ClientError> {
        Err(ClientError::Status(StatusCode::BAD_GATEWAY))
    }

    async fn checkpoint(&self, _: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        Err(ClientError::Status(StatusCode::BAD_GATEWAY))
    }

    async fn key_uses(&self, uses: &KeyUses) -> Result<(), ClientError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(ClientError::Status(StatusCode::BAD_GATEWAY));
        }
        self.reports.lock().push(uses.uses.clone());
        Ok(())
    }
}

struct Bench {
    clock: ManualClock,
    entropy: SeededEntropy,
    plane: Arc<Plane>,
    log: KeyUseLog,
}

impl Bench {
    fn new(capacity: usize) -> Self {
        let plane = Arc::new(Plane::default());
        let log = KeyUseLog::new(Arc::clone(&plane) as Arc<dyn Line>, capacity);
        let clock = ManualClock::at("2026-03-01T12:00:30Z".parse().expect("a time"));
        Self { clock, entropy: SeededEntropy::new(1), plane, log }
    }

    fn grant(&self, kind: KeyKind) -> Grant {
        Grant {
            key_id: ApiKeyId::generate(&self.clock, &self.entropy),
            version: 1,
            org_id: OrgId::from_uuid(Uuid::from_u128(u128::from_be_bytes(self.entropy.nonce()))),
            token_sha256: String::new(),
            kind,
            scopes: vec![Scope::Read],
            namespaces: NamespacePattern::any(),
            allowed_addresses: Vec::new(),
            limits: agentdb_control_plane_contract::KeyLimits::default(),
            expires_at: None,
        }
    }

    fn used(&self, grant: &Grant, address: &str) {
        self.log.record(grant, Some(address.parse().expect("an address")), self.clock.now());
    }

    /// What is reported now.
    async fn reported(&self) -> Vec<KeyUse> {
        self.log.report(self.clock.now()).await.expect("the control plane answers");
        self.plane.reports.lock().drain(..).flatten().collect()
    }
}

#[tokio::test]
async fn a_key_is_told_of_once_a_minute_however_often_it_is_used() {
    let bench = Bench::new(10);
    let grant = bench.grant(KeyKind::Api);
    for address in ["::ffff:10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        bench.used(&grant, address);
    }
    bench.used(&bench.grant(KeyKind::Console), "10.0.0.4");
    let at = "2026-03-01T12:00:00Z".parse().expect("a time");
    let first = KeyUse { key_id: grant.key_id, at, address: Some("10.0.0.1".parse().expect("an address")) };
    assert_eq!(bench.reported().await, [first], "the console's keys are nobody's");
    bench.used(&grant, "10.0.0.5");
    assert!(bench.reported().await.is_empty(), "the same minute");
    bench.clock.advance(Duration::from_secs(30));
    bench.used(&grant, "10.0.0.5");
    let [second] = bench.reported().await[..] else { panic!("one use") };
    assert_eq!((second.at - first.at).num_seconds(), 60);
    assert_eq!(second.address, Some("10.0.0.5".parse().expect("an address")));
}

#[tokio::test]
async fn what_the_control_plane_did_not_take_is_told_again() {
    let bench = Bench::new(10);
    let grant = bench.grant(KeyKind::Api);
    bench.used(&grant, "10.0.0.1");
    bench.plane.away.store(true, Ordering::SeqCst);
    assert!(bench.log.report(bench.clock.now()).await.is_err());
    bench.clock.advance(Duration::from_secs(300));
    bench.plane.away.store(false, Ordering::SeqCst);
    assert_eq!(bench.reported().await.len(), 1);
    assert_eq!(bench.reported().await.len(), 0);
}

#[tokio::test]
async fn the_log_is_bounded_and_its_reports_too() {
    let bench = Bench::new(MAX_KEY_USES + 1);
    for _ in 0..MAX_KEY_USES + 10 {
        bench.used(&bench.grant(KeyKind::Api), "10.0.0.1");
    }
    bench.log.report(bench.clock.now()).await.expect("the control plane answers");
    let sizes: Vec<usize> = bench.plane.reports.lock().drain(..).map(|uses| uses.len()).collect();
    assert_eq!(sizes, [MAX_KEY_USES, 1]);
    bench.clock.advance(Duration::from_secs(60));
    assert!(bench.reported().await.is_empty(), "what is told and over leaves");
    bench.used(&bench.grant(KeyKind::Api), "10.0.0.1");
    assert_eq!(bench.reported().await.len(), 1, "and makes room");
}
