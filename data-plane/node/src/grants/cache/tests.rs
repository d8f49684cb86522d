use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use agentdb_clock::{Entropy, ManualClock, SeededEntropy};
use agentdb_control_plane_contract::{
    Checkpoint, CheckpointReply, ClientError, KeyKind, KeyUses, NamespacePattern, PolicyBatch, Scope,
};
use agentdb_ids::{NamespaceId, OrgId, Uuid};
use async_trait::async_trait;
use chrono::DateTime;
use http::StatusCode;

use super::*;

/// A control plane that knows what it is told to.
#[derive(Debug, Default)]
struct Plane {
    grant: Mutex<Option<Grant>>,
    away: AtomicBool,
    asked: AtomicUsize,
    hold: tokio::sync::Mutex<()>,
}

#[async_trait]
impl Line for Plane {
    async fn grant(&self, _: ApiKeyId) -> Result<Option<Grant>, ClientError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(ClientError::Status(StatusCode::BAD_GATEWAY));
        }
        let answer = self.grant.lock().clone();
        // What was read before the wait is sent after it, as on a slow network.
        let _held = self.hold.lock().await;
        Ok(answer)
    }

    async fn policy(&self, _: u64, _: Duration, _: bool, _: &[NamespaceId]) -> Result<PolicyBatch, ClientError> {
        Err(ClientError::Status(StatusCode::BAD_GATEWAY))
    }

    async fn checkpoint(&self, _: &Checkpoint) -> Result<CheckpointReply, ClientError> {
        Err(ClientError::Status(StatusCode::BAD_GATEWAY))
    }

    async fn key_uses(&self, _: &KeyUses) -> Result<(), ClientError> {
        Err(ClientError::Status(StatusCode::BAD_GATEWAY))
    }
}

struct Bench {
    clock: ManualClock,
    plane: Arc<Plane>,
    token: ApiKeyToken,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let entropy = SeededEntropy::new(1);
        let token = ApiKeyToken::generate(ApiKeyId::generate(&clock, &entropy), &entropy);
        let grant = Grant {
            key_id: token.key_id(),
            version: 1,
            org_id: OrgId::from_uuid(Uuid::from_u128(u128::from_be_bytes(entropy.nonce()))),
            token_sha256: token.sha256(),
            kind: KeyKind::Api,
            scopes: vec![Scope::Read],
            namespaces: NamespacePattern::any(),
            allowed_addresses: Vec::new(),
            limits: agentdb_control_plane_contract::KeyLimits::default(),
            expires_at: None,
        };
        let plane = Arc::new(Plane { grant: Mutex::new(Some(grant)), ..Plane::default() });
        Self { clock, plane, token, dir: tempfile::tempdir().expect("a directory") }
    }

    fn cache(&self) -> Arc<GrantCache> {
        let config = GrantsConfig { refresh_wait_ms: 50, ..GrantsConfig::default() };
        let line: Arc<dyn Line> = Arc::clone(&self.plane) as _;
        let path = self.dir.path().join("grants.json");
        Arc::new(GrantCache::load(path, config, Arc::new(self.clock.clone()), line))
    }

    async fn ask(&self, cache: &Arc<GrantCache>) -> Result<(), GrantError> {
        cache.authenticate(&self.token, || Ok(())).await.map(|_| ())
    }

    fn asked(&self) -> usize {
        self.plane.asked.load(Ordering::SeqCst)
    }

    fn away(&self, away: bool) {
        self.plane.away.store(away, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_fresh_grant_costs_no_look_up_and_a_stale_one_is_confirmed() {
    let bench = Bench::new();
    let cache = bench.cache();
    for _ in 0..5 {
        assert_eq!(bench.ask(&cache).await, Ok(()));
    }
    assert_eq!(bench.asked(), 1);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.ask(&cache).await, Ok(()));
    assert_eq!(bench.asked(), 2);
    *bench.plane.grant.lock() = None;
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
}

#[tokio::test]
async fn without_the_control_plane_a_grant_lasts_fifteen_minutes_also_over_a_restart() {
    let bench = Bench::new();
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    bench.away(true);
    bench.clock.advance(Duration::from_secs(600));
    assert_eq!(bench.ask(&cache).await, Ok(()));
    cache.save();
    let cache = bench.cache();
    bench.clock.advance(Duration::from_secs(299));
    assert_eq!(bench.ask(&cache).await, Ok(()));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Unavailable));
    bench.away(false);
    assert_eq!(bench.ask(&cache).await, Ok(()), "it is back");
}

/// What a caller can make of an answer and of the time it takes: the answer, look-ups, comparisons, and asks of the
/// throttle.
type Seen = (Result<(), GrantError>, usize, usize, usize);

#[tokio::test]
async fn an_unknown_key_and_a_wrong_secret_get_the_same_answer_after_the_same_work() {
    for away in [false, true] {
        for (used_before, throttled) in [(false, false), (true, false), (true, true)] {
            let work_on = async |known: bool| -> Vec<Seen> {
                let bench = Bench::new();
                let (cache, entropy) = (bench.cache(), SeededEntropy::new(2));
                if used_before {
                    assert_eq!(bench.ask(&cache).await, Ok(()));
                }
                let key_id = if known { bench.token.key_id() } else { ApiKeyId::generate(&bench.clock, &entropy) };
                let wrong = ApiKeyToken::generate(key_id, &entropy);
                if !known {
                    *bench.plane.grant.lock() = None;
                }
                bench.away(away);
                let mut seen = Vec::new();
                // At once, within the time that an answer is believed, when it is asked again, and when a grant is stale.
                for pause_s in [0, 0, 1, 3, 0, 61, 1, 901, 0] {
                    bench.clock.advance(Duration::from_secs(pause_s));
                    let (asked, compared) = (bench.asked(), cache.compared.load(Ordering::SeqCst));
                    let mut checks = 0;
                    let outcome = cache
                        .authenticate(&wrong, || {
                            checks += 1;
                            if throttled { Err(7) } else { Ok(()) }
                        })
                        .await;
                    let compared = cache.compared.load(Ordering::SeqCst) - compared;
                    seen.push((outcome.map(|_| ()), bench.asked() - asked, compared, checks));
                }
                seen
            };
            let (known, unknown) = (work_on(true).await, work_on(false).await);
            assert_eq!(known, unknown, "away: {away}, used: {used_before}, throttled: {throttled}");
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_keeps_nobody_out_who_has_the_right_one() {
    let bench = Bench::new();
    let cache = bench.cache();
    let wrong = ApiKeyToken::generate(bench.token.key_id(), &SeededEntropy::new(2));
    for _ in 0..3 {
        assert_eq!(cache.authenticate(&wrong, || Ok(())).await.map(|_| ()), Err(GrantError::Refused));
        assert_eq!(bench.ask(&cache).await, Ok(()));
    }
    assert_eq!(bench.asked(), 1, "the answer to the first one served all");
    bench.away(true);
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(cache.authenticate(&wrong, || Ok(())).await.map(|_| ()), Err(GrantError::Unavailable));
    assert_eq!(bench.ask(&cache).await, Ok(()));
}

#[tokio::test]
async fn a_hundred_thousand_random_keys_a_second_do_not_reach_the_control_plane() {
    let bench = Bench::new();
    *bench.plane.grant.lock() = None;
    let (cache, entropy) = (bench.cache(), SeededEntropy::new(3));
    let config = crate::config::AdmissionConfig::default();
    let throttle = crate::admission::AddressThrottle::new(config, Arc::new(bench.clock.clone()));
    let mut malformed = 0;
    for second in 0..2 {
        let before = bench.asked();
        for n in 0..100_000_u32 {
            if n % 100 == 0 {
                bench.clock.advance(Duration::from_millis(1));
            }
            // Two of three do not even have a checksum that fits; each comes from another address.
            let token = ApiKeyToken::generate(ApiKeyId::generate(&bench.clock, &entropy), &entropy);
            let text = token.expose();
            let text = if n % 3 == 0 { text.to_owned() } else { text.replace('a', "b") };
            let Some(token) = ApiKeyToken::parse(&text) else {
                malformed += 1;
                continue;
            };
            let address = std::net::IpAddr::V4(n.into());
            let refused = cache.authenticate(&token, || throttle.check(address)).await.map(|_| ());
            assert!(matches!(refused, Err(GrantError::Refused | GrantError::Throttled { .. })), "{refused:?}");
        }
        let most = config.all_unknown_keys_per_second + if second == 0 { config.all_unknown_keys_burst } else { 0 };
        assert!(bench.asked() - before <= most as usize + 1, "{} look-ups", bench.asked() - before);
    }
    assert!(malformed > 100_000, "{malformed}");
}

#[tokio::test]
async fn expiry_is_enforced_without_asking() {
    let bench = Bench::new();
    let at = bench.clock.now() + Duration::from_secs(10);
    bench.plane.grant.lock().as_mut().expect("a grant").expires_at = Some(at);
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
}

#[tokio::test]
async fn another_secret_for_a_known_key_is_refused() {
    let bench = Bench::new();
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    let other = ApiKeyToken::generate(bench.token.key_id(), &SeededEntropy::new(9));
    assert_eq!(cache.authenticate(&other, || Ok(())).await.map(|_| ()), Err(GrantError::Refused));
}

#[tokio::test]
async fn an_answer_in_flight_does_not_bring_a_revoked_key_back() {
    let bench = Bench::new();
    let cache = bench.cache();
    let held = bench.plane.hold.lock().await;
    let asking = tokio::spawn({
        let (cache, token) = (Arc::clone(&cache), bench.token.clone());
        async move { cache.authenticate(&token, || Ok(())).await.map(|_| ()) }
    });
    while bench.asked() == 0 {
        tokio::task::yield_now().await;
    }
    cache.key_changed(bench.token.key_id(), 2);
    drop(held);
    assert_eq!(asking.await.expect("no panic"), Err(GrantError::Refused));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
}

#[tokio::test]
async fn a_change_drops_the_grant_at_once_and_the_new_version_is_taken() {
    let bench = Bench::new();
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    cache.key_changed(bench.token.key_id(), 2);
    bench.plane.grant.lock().as_mut().expect("a grant").version = 2;
    assert_eq!(bench.ask(&cache).await, Ok(()));
    assert_eq!(bench.asked(), 2);
    // The same change, said again, does not cost another look-up.
    cache.key_changed(bench.token.key_id(), 2);
    assert_eq!(bench.ask(&cache).await, Ok(()));
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn an_answer_from_before_a_change_is_asked_for_again() {
    let bench = Bench::new();
    let cache = bench.cache();
    let held = bench.plane.hold.lock().await;
    let asking = tokio::spawn({
        let (cache, token) = (Arc::clone(&cache), bench.token.clone());
        async move { cache.authenticate(&token, || Ok(())).await.map(|grant| grant.version) }
    });
    while bench.asked() == 0 {
        tokio::task::yield_now().await;
    }
    bench.plane.grant.lock().as_mut().expect("a grant").version = 2;
    cache.key_changed(bench.token.key_id(), 2);
    drop(held);
    assert_eq!(asking.await.expect("no panic"), Ok(2), "the key is good, only another one");
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn an_end_that_was_brought_forward_binds_as_soon_as_the_change_is_heard() {
    let bench = Bench::new();
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    {
        let mut grant = bench.plane.grant.lock();
        let grant = grant.as_mut().expect("a grant");
        (grant.version, grant.expires_at) = (2, Some(bench.clock.now()));
    }
    cache.key_changed(bench.token.key_id(), 2);
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
    bench.away(true);
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused), "without the control plane too");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_in_a_while_and_by_one_request() {
    let bench = Bench::new();
    *bench.plane.grant.lock() = None;
    let cache = bench.cache();
    let many = (0..20).map(|_| bench.ask(&cache));
    for answer in futures::future::join_all(many).await {
        assert_eq!(answer, Err(GrantError::Refused));
    }
    assert_eq!(bench.asked(), 1);
    bench.clock.advance(Duration::from_secs(3));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
    assert_eq!(bench.asked(), 2);
    bench.clock.advance(Duration::from_secs(3));
    let throttled = cache.authenticate(&bench.token, || Err(7)).await.map(|_| ());
    assert_eq!(throttled, Err(GrantError::Throttled { retry_after_s: 7 }));
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn a_missed_part_of_the_feed_makes_every_grant_doubtful() {
    let bench = Bench::new();
    let cache = bench.cache();
    assert_eq!(bench.ask(&cache).await, Ok(()));
    cache.doubt_all();
    *bench.plane.grant.lock() = None;
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
}

#[test]
fn the_cache_is_bounded() {
    let bench = Bench::new();
    let grant = Arc::new(bench.plane.grant.lock().clone().expect("a grant"));
    let mut inner = Inner::default();
    for n in 0..100 {
        let id = ApiKeyId::from_uuid(Uuid::from_u128(n));
        let confirmed = i64::try_from(n).expect("small");
        inner.entries.insert(id, Entry::Known { grant: Arc::clone(&grant), confirmed, quiet_until: 0, wrong_until: 0 });
    }
    inner.shrink(50, 1_000);
    assert_eq!(inner.entries.len(), 45);
    assert!(inner.entries.contains_key(&ApiKeyId::from_uuid(Uuid::from_u128(99))), "the newest stays");
}

#[test]
fn of_savers_at_once_none_brings_back_what_another_has_dropped() {
    let bench = Bench::new();
    for _ in 0..20 {
        let cache = bench.cache();
        std::thread::scope(|scope| {
            for saver in 0..8 {
                let (cache, clock) = (&cache, &bench.clock);
                scope.spawn(move || {
                    for n in 0..10 {
                        let id = ApiKeyId::generate(clock, &SeededEntropy::new(saver * 100 + n));
                        cache.key_changed(id, 1);
                        cache.save();
                    }
                });
            }
        });
        let known = cache.inner.lock().changes.len();
        assert_eq!(bench.cache().inner.lock().changes.len(), known, "the file has what was last known");
        std::fs::remove_file(bench.dir.path().join("grants.json")).expect("saved");
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_is_nothing_to_save_unless_it_was() {
    let bench = Bench::new();
    let cache = bench.cache();
    let changed = async || futures::poll!(std::pin::pin!(cache.changed())).is_ready();
    let grant = bench.plane.grant.lock().take();
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
    assert!(!changed().await, "nobody had it before");
    *bench.plane.grant.lock() = grant;
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.ask(&cache).await, Ok(()));
    assert!(changed().await, "a new grant");
    *bench.plane.grant.lock() = None;
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.ask(&cache).await, Err(GrantError::Refused));
    assert!(changed().await, "a grant that is gone");
}
