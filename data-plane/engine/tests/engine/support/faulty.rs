//! An object store that fails as the world does: before the call, after it, by losing the reply, by hanging, by
//! doing the work long after it was given up, or by the death of the process that calls.

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
use tokio_util::sync::CancellationToken;

use super::pause::Pause;
use super::wire::Wire;

/// How long a call that hangs takes.
const HANG: Duration = Duration::from_millis(150);
/// How long a slow call takes.
const SLOW: Duration = Duration::from_millis(4);
/// A late PUT arrives after at most so many other calls.
const LATE: u64 = 150;

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
    /// A PUT is given up, and arrives when many other calls have been done.
    pub late: u32,
    /// The call takes a while.
    pub slow: u32,
}

/// One process's connection to the store.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    rates: Rates,
    random: Mutex<ChaCha8Rng>,
    calls: AtomicU64,
    /// Reads of files of tables' indexes.
    index_reads: AtomicU64,
    /// The process dies at this call; 0 for never.
    crash_at: AtomicU64,
    /// Whether the call it dies at does its work.
    crash_after: bool,
    dead: AtomicBool,
    died: CancellationToken,
    pause: Arc<Pause>,
    wire: Arc<Wire>,
    puts: Gate,
    replies: Gate,
    /// PUTs of paths that contain it fail.
    refused: Mutex<Option<String>>,
}

/// Calls share it; whoever has it alone holds those back whose paths contain a part.
#[derive(Debug, Default)]
struct Gate {
    lock: RwLock<()>,
    part: Mutex<String>,
    held: Notify,
}

impl Gate {
    async fn hold(&self, part: &str) -> RwLockWriteGuard<'_, ()> {
        let held = self.lock.write().await;
        part.clone_into(&mut self.part.lock());
        held
    }

    async fn pass(&self, path: &Path) {
        if self.lock.try_read().is_ok() || !path.as_ref().contains(&*self.part.lock()) {
            return;
        }
        // In the queue before anybody is told, so that who is told and asks for the gate again comes after it.
        let mut through = std::pin::pin!(self.lock.read());
        if futures::poll!(&mut through).is_pending() {
            self.held.notify_one();
            drop(through.await);
        }
    }
}

enum Fate {
    Work,
    FailBefore,
    FailAfter,
    OwnConflict,
    Hang { works: bool },
    Late { after: u64 },
    Slow,
}

impl Faulty {
    pub fn new(inner: Arc<dyn ObjectStore>, seed: u64, rates: Rates) -> Self {
        Self {
            inner,
            rates,
            random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            calls: AtomicU64::new(0),
            index_reads: AtomicU64::new(0),
            crash_at: AtomicU64::new(0),
            crash_after: seed & 1 == 1,
            dead: AtomicBool::new(false),
            died: CancellationToken::new(),
            pause: Arc::default(),
            wire: Arc::default(),
            puts: Gate::default(),
            replies: Gate::default(),
            refused: Mutex::default(),
        }
    }

    /// The same for a process that may stand still, on a wire that it shares with others.
    #[must_use]
    pub fn on(self, pause: Arc<Pause>, wire: Arc<Wire>) -> Self {
        Self { pause, wire, ..self }
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
        self.died.cancel();
    }

    /// Returns when the process is dead.
    pub async fn death(&self) {
        self.died.cancelled().await;
    }

    /// How often a file of a table's index was read.
    pub fn index_reads(&self) -> u64 {
        self.index_reads.load(Ordering::SeqCst)
    }

    fn note_read(&self, location: &Path) {
        if location.as_ref().contains("/_indices/") {
            self.index_reads.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Holds every PUT back until what this returns is dropped.
    pub async fn hold_puts(&self) -> RwLockWriteGuard<'_, ()> {
        self.hold_puts_of("").await
    }

    /// The same for PUTs of paths that contain `part`.
    pub async fn hold_puts_of(&self, part: &str) -> RwLockWriteGuard<'_, ()> {
        self.puts.hold(part).await
    }

    /// Makes PUTs of paths that contain `part` fail; with `None` none does any more.
    pub fn refuse_puts_of(&self, part: Option<&str>) {
        *self.refused.lock() = part.map(str::to_owned);
    }

    /// Returns when a PUT is held back. For one caller.
    pub async fn put_held(&self) {
        self.puts.held.notified().await;
    }

    /// Holds back what GETs of paths that contain `part` have read until what this returns is dropped.
    pub async fn hold_replies_of(&self, part: &str) -> RwLockWriteGuard<'_, ()> {
        self.replies.hold(part).await
    }

    /// Returns when something that was read is held back. For one caller.
    pub async fn reply_held(&self) {
        self.replies.held.notified().await;
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
        } else if hit(self.rates.late) {
            Fate::Late { after: random.random_range(1..LATE) }
        } else if hit(self.rates.slow) {
            Fate::Slow
        } else {
            Fate::Work
        }
    }

    async fn go<T>(&self, path: &Path, create: bool, work: impl Future<Output = Result<T>>) -> Result<T> {
        let fate = self.begin(create).await;
        self.end(fate, path, work).await
    }

    async fn begin(&self, create: bool) -> Fate {
        // Lets others run, as a network would.
        tokio::task::yield_now().await;
        self.pause.running().await;
        self.wire.call().await;
        self.fate(create)
    }

    async fn end<T>(&self, fate: Fate, path: &Path, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = self.work(fate, path, work).await;
        // The reply waits for a process that stands still.
        self.pause.running().await;
        done
    }

    async fn work<T>(&self, fate: Fate, path: &Path, work: impl Future<Output = Result<T>>) -> Result<T> {
        match fate {
            // Only a PUT arrives late; other calls are done at once.
            Fate::Work | Fate::Late { .. } => work.await,
            Fate::Slow => {
                tokio::time::sleep(SLOW).await;
                if self.is_dead() { Err(broken("the call failed")) } else { work.await }
            }
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

    /// The stream, begun when the process runs.
    fn when_running<T: 'static>(
        &self,
        begin: impl FnOnce() -> BoxStream<'static, T> + Send + 'static,
    ) -> BoxStream<'static, T> {
        let pause = Arc::clone(&self.pause);
        let begun = async move {
            pause.running().await;
            begin()
        };
        futures::stream::once(begun).flatten().boxed()
    }
}

fn failed<T: Send + 'static>() -> BoxStream<'static, Result<T>> {
    futures::stream::once(async { Err(broken("the call failed")) }).boxed()
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
        self.puts.pass(location).await;
        let refused = self.refused.lock().as_deref().is_some_and(|part| location.as_ref().contains(part));
        let fate = if refused { Fate::FailBefore } else { self.begin(create).await };
        if let Fate::Late { after } = fate {
            let (inner, location) = (Arc::clone(&self.inner), location.clone());
            let arrives = async move { drop(inner.put_opts(&location, payload, opts).await) };
            self.wire.later(after, Box::pin(arrives));
            return Err(broken("timed out"));
        }
        let work = async {
            self.wire.wrote(location, &opts);
            self.inner.put_opts(location, payload, opts).await
        };
        self.end(fate, location, work).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.go(location, false, self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.note_read(location);
        let read = self.go(location, false, self.inner.get_opts(location, options)).await;
        self.replies.pass(location).await;
        read
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.note_read(location);
        self.go(location, false, self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (fate, inner) = (self.fate(false), Arc::clone(&self.inner));
        self.when_running(move || match fate {
            Fate::Work | Fate::Late { .. } | Fate::Slow => inner.delete_stream(locations),
            Fate::FailAfter => inner.delete_stream(locations).map(|_| Err(broken("the reply was lost"))).boxed(),
            _ => failed(),
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (fate, inner, prefix) = (self.fate(false), Arc::clone(&self.inner), prefix.cloned());
        self.when_running(move || match fate {
            Fate::Work | Fate::Late { .. } | Fate::Slow => inner.list(prefix.as_ref()),
            _ => failed(),
        })
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        let (fate, inner) = (self.fate(false), Arc::clone(&self.inner));
        let (prefix, offset) = (prefix.cloned(), offset.clone());
        self.when_running(move || match fate {
            Fate::Work | Fate::Late { .. } | Fate::Slow => inner.list_with_offset(prefix.as_ref(), &offset),
            _ => failed(),
        })
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let path = Path::default();
        self.go(&path, false, self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.go(from, false, self.inner.copy_opts(from, to, options)).await
    }
}
