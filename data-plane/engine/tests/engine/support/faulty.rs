//! An object store that fails as the world does: before the call, after it, by losing the reply, by hanging,
//! or by the death of the process that calls.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::{Notify, RwLock, RwLockWriteGuard};

/// How long a call that hangs takes.
const HANG: Duration = Duration::from_millis(150);

/// How often, in thousandths of calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rates {
    /// The call fails and did nothing.
    pub fail_before: u32,
    /// The call did its work and its reply is lost.
    pub fail_after: u32,
    /// A create did its work, was repeated by the client, and is told that the object exists.
    pub own_conflict: u32,
    /// The call takes longer than anybody waits; half of them do their work in the end.
    pub hang: u32,
}

/// One process's connection to the store.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    rates: Rates,
    random: Mutex<ChaCha8Rng>,
    calls: AtomicU64,
    /// The process dies at this call; 0 for never.
    crash_at: AtomicU64,
    /// Whether the call it dies at does its work.
    crash_after: bool,
    dead: AtomicBool,
    died: Notify,
    /// PUTs share it; whoever has it alone holds them back.
    gate: RwLock<()>,
    held: Notify,
}

enum Fate {
    Work,
    FailBefore,
    FailAfter,
    OwnConflict,
    Hang { works: bool },
}

impl Faulty {
    pub fn new(inner: Arc<dyn ObjectStore>, seed: u64, rates: Rates) -> Self {
        Self {
            inner,
            rates,
            random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            calls: AtomicU64::new(0),
            crash_at: AtomicU64::new(0),
            crash_after: seed & 1 == 1,
            dead: AtomicBool::new(false),
            died: Notify::new(),
            gate: RwLock::new(()),
            held: Notify::new(),
        }
    }

    /// Makes the process die `calls` calls from now.
    pub fn crash_in(&self, calls: u64) {
        self.crash_at.store(self.calls.load(Ordering::SeqCst) + calls, Ordering::SeqCst);
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Kills the process now.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Returns when the process is dead. For one caller.
    pub async fn death(&self) {
        if !self.is_dead() {
            self.died.notified().await;
        }
    }

    /// Holds every PUT back until what this returns is dropped.
    pub async fn hold_puts(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Returns when a PUT is held back. For one caller.
    pub async fn put_held(&self) {
        self.held.notified().await;
    }

    fn fate(&self, create: bool) -> Fate {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.is_dead() {
            return Fate::FailBefore;
        }
        if call == self.crash_at.load(Ordering::SeqCst) {
            self.kill();
            return if self.crash_after { Fate::FailAfter } else { Fate::FailBefore };
        }
        let mut random = self.random.lock();
        let mut roll = random.random_range(0..1000_u32);
        let mut hit = |rate: u32| {
            let hit = roll < rate;
            roll = roll.wrapping_sub(rate);
            hit
        };
        if hit(self.rates.fail_before) {
            Fate::FailBefore
        } else if hit(self.rates.fail_after) {
            Fate::FailAfter
        } else if hit(self.rates.own_conflict) {
            if create { Fate::OwnConflict } else { Fate::Work }
        } else if hit(self.rates.hang) {
            Fate::Hang { works: random.random_bool(0.5) }
        } else {
            Fate::Work
        }
    }

    async fn go<T>(&self, path: &Path, create: bool, work: impl Future<Output = Result<T>>) -> Result<T> {
        // Lets others run, as a network would.
        tokio::task::yield_now().await;
        match self.fate(create) {
            Fate::Work => work.await,
            Fate::FailBefore => Err(broken("the call failed")),
            Fate::FailAfter => {
                work.await?;
                Err(broken("the reply was lost"))
            }
            Fate::OwnConflict => {
                work.await?;
                Err(Error::AlreadyExists { path: path.to_string(), source: "created by an earlier attempt".into() })
            }
            Fate::Hang { works } => {
                tokio::time::sleep(HANG).await;
                if works && !self.is_dead() {
                    work.await?;
                }
                Err(broken("timed out"))
            }
        }
    }
}

fn broken(why: &'static str) -> Error {
    Error::Generic { store: "faulty", source: why.into() }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let create = matches!(opts.mode, PutMode::Create);
        if self.gate.try_read().is_err() {
            self.held.notify_one();
            drop(self.gate.read().await);
        }
        self.go(location, create, self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.go(location, false, self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.go(location, false, self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.go(location, false, self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.fate(false) {
            Fate::Work => self.inner.delete_stream(locations),
            Fate::FailAfter => {
                let deleted = self.inner.delete_stream(locations);
                deleted.map(|_| Err(broken("the reply was lost"))).boxed()
            }
            _ => futures::stream::once(async { Err(broken("the call failed")) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(false) {
            Fate::Work => self.inner.list(prefix),
            _ => futures::stream::once(async { Err(broken("the call failed")) }).boxed(),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(false) {
            Fate::Work => self.inner.list_with_offset(prefix, offset),
            _ => futures::stream::once(async { Err(broken("the call failed")) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let path = Path::default();
        self.go(&path, false, self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.go(from, false, self.inner.copy_opts(from, to, options)).await
    }
}
