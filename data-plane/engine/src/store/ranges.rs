//! Ranges of immutable table files in memory, shared by the namespaces of a store handle.
//!
//! Only files that are written once under a name of their own are kept: data, indexes and deletions, never manifests
//! and never the log. The cache is bounded, and fair: when it is full, the namespace that holds most gives up what it
//! has not used for longest, so one that reads much pushes out its own ranges and not everybody's. A range that is
//! asked for while it is on its way is waited for, not asked for again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{Attributes, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore, Result};
use parking_lot::Mutex;

/// What one range takes beside its bytes.
const OVERHEAD: usize = 256;
/// The largest part of the cache that one range may take.
const LARGEST_PART: usize = 8;

/// A range that was read, and what the store said of its object.
#[derive(Debug, Clone)]
struct Piece {
    bytes: Bytes,
    meta: ObjectMeta,
}

type Flight = Shared<BoxFuture<'static, Option<Piece>>>;
type Asked = (Path, u64, u64);

/// The cache.
#[derive(Debug)]
pub(crate) struct RangeCache {
    limit: usize,
    held: Mutex<Held>,
    flights: Mutex<HashMap<Asked, Flight>>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    /// Grows with every use.
    tick: u64,
    namespaces: HashMap<Arc<str>, OfNamespace>,
    /// Namespaces by what they hold.
    sizes: BTreeSet<(usize, Arc<str>)>,
}

#[derive(Debug, Default)]
struct OfNamespace {
    bytes: usize,
    files: HashMap<Path, BTreeMap<u64, (u64, Piece)>>,
    /// Ranges by their last use.
    uses: BTreeMap<u64, (Path, u64)>,
}

impl RangeCache {
    /// At most `limit` bytes; 0 keeps nothing.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, held: Mutex::default(), flights: Mutex::default() }
    }

    /// Answers from memory, or from `objects`.
    pub(crate) async fn get(
        &self,
        objects: &Arc<dyn ObjectStore>,
        path: &Path,
        options: GetOptions,
    ) -> Result<GetResult> {
        let (Some(namespace), Some(range)) = (namespace_of(path), plain_range(&options)) else {
            return objects.get_opts(path, options).await;
        };
        if self.limit == 0 {
            return objects.get_opts(path, options).await;
        }
        if let Some(piece) = self.held.lock().find(namespace, path, &range) {
            return Ok(answer(piece, range));
        }
        let asked = (path.clone(), range.start, range.end);
        let flight = self.flights.lock().entry(asked.clone()).or_insert_with(|| fly(objects, &asked)).clone();
        let landing = Landing { cache: self, asked };
        let found = flight.await;
        drop(landing);
        // What failed for whoever was first is tried again by each, which gives each the error itself.
        let Some(piece) = found else { return objects.get_opts(path, options).await };
        let range = range.start..range.start + piece.bytes.len() as u64;
        self.keep(namespace, path, range.start, &piece);
        Ok(answer(piece, range))
    }

    fn keep(&self, namespace: &str, path: &Path, start: u64, piece: &Piece) {
        let bytes = piece.bytes.len() + OVERHEAD;
        if bytes > self.limit / LARGEST_PART {
            return;
        }
        let mut held = self.held.lock();
        held.insert(namespace, path, start, piece.clone());
        while held.bytes > self.limit && held.drop_one() {}
    }

    /// Lets go what is held of a namespace.
    pub(crate) fn forget(&self, namespace: &str) {
        let mut held = self.held.lock();
        if let Some((name, of)) = held.namespaces.remove_entry(namespace) {
            held.bytes -= of.bytes;
            held.sizes.remove(&(of.bytes, name));
        }
    }

    /// Bytes held.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.held.lock().bytes
    }
}

/// Takes a flight off the board when somebody has its answer or does not wait for it any more. Others that wait for it
/// go on with it.
struct Landing<'a> {
    cache: &'a RangeCache,
    asked: Asked,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.cache.flights.lock().remove(&self.asked);
    }
}

fn fly(objects: &Arc<dyn ObjectStore>, (path, start, end): &Asked) -> Flight {
    let (objects, path, range) = (Arc::clone(objects), path.clone(), *start..*end);
    let read = async move {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let result = objects.get_opts(&path, options).await.ok()?;
        let meta = result.meta.clone();
        let bytes = result.bytes().await.ok()?;
        Some(Piece { bytes, meta })
    };
    read.boxed().shared()
}

/// The namespace of a file that never changes; `None` for all others.
fn namespace_of(path: &Path) -> Option<&str> {
    let (namespace, table) = path.as_ref().split_once("/tables/")?;
    let (_, file) = table.split_once(".lance/")?;
    ["data/", "_indices/", "_deletions/"].iter().any(|dir| file.starts_with(dir)).then_some(namespace)
}

/// The range of a request that asks for nothing else.
fn plain_range(options: &GetOptions) -> Option<Range<u64>> {
    let conditions = options.if_match.is_some()
        || options.if_none_match.is_some()
        || options.if_modified_since.is_some()
        || options.if_unmodified_since.is_some();
    match &options.range {
        Some(GetRange::Bounded(range)) if !conditions && !options.head && options.version.is_none() => {
            Some(range.clone())
        }
        _ => None,
    }
}

fn answer(piece: Piece, range: Range<u64>) -> GetResult {
    let bytes = piece.bytes;
    GetResult {
        payload: GetResultPayload::Stream(futures::stream::once(async move { Ok(bytes) }).boxed()),
        meta: piece.meta,
        range,
        attributes: Attributes::default(),
        extensions: Default::default(),
    }
}

impl Held {
    /// The part `range` of a range that is held.
    fn find(&mut self, namespace: &str, path: &Path, range: &Range<u64>) -> Option<Piece> {
        self.tick += 1;
        let tick = self.tick;
        let of = self.namespaces.get_mut(namespace)?;
        let (start, (used, piece)) = of.files.get_mut(path)?.range_mut(..=range.start).next_back()?;
        let end = start + piece.bytes.len() as u64;
        // A range may ask for more than the object has.
        if range.end.min(piece.meta.size) > end || range.start >= end {
            return None;
        }
        if let Some(place) = of.uses.remove(used) {
            of.uses.insert(tick, place);
        }
        *used = tick;
        let from = usize::try_from(range.start - start).ok()?;
        let to = usize::try_from(range.end.min(end) - start).ok()?;
        Some(Piece { bytes: piece.bytes.slice(from..to), meta: piece.meta.clone() })
    }

    fn insert(&mut self, namespace: &str, path: &Path, start: u64, piece: Piece) {
        self.tick += 1;
        let name: Arc<str> = namespace.into();
        let of = self.namespaces.entry(Arc::clone(&name)).or_default();
        self.sizes.remove(&(of.bytes, Arc::clone(&name)));
        self.bytes -= of.bytes;
        let end = start + piece.bytes.len() as u64;
        let file = of.files.entry(path.clone()).or_default();
        // What the new range holds, too, is not held twice.
        let inside: Vec<u64> = file
            .range(start..end)
            .filter(|(at, (_, p))| *at + p.bytes.len() as u64 <= end)
            .map(|(at, _)| *at)
            .collect();
        for at in inside {
            if let Some((used, old)) = file.remove(&at) {
                of.uses.remove(&used);
                of.bytes -= old.bytes.len() + OVERHEAD;
            }
        }
        of.bytes += piece.bytes.len() + OVERHEAD;
        if let Some((used, old)) = file.insert(start, (self.tick, piece)) {
            of.uses.remove(&used);
            of.bytes -= old.bytes.len() + OVERHEAD;
        }
        of.uses.insert(self.tick, (path.clone(), start));
        self.bytes += of.bytes;
        self.sizes.insert((of.bytes, name));
    }

    /// Drops the oldest range of the namespace that holds most. False when there is none.
    fn drop_one(&mut self) -> bool {
        let Some((_, name)) = self.sizes.pop_last() else { return false };
        let Some(of) = self.namespaces.get_mut(&name) else { return true };
        let before = of.bytes;
        if let Some((_, (path, start))) = of.uses.pop_first()
            && let Some(file) = of.files.get_mut(&path)
        {
            if let Some((_, piece)) = file.remove(&start) {
                of.bytes -= piece.bytes.len() + OVERHEAD;
            }
            if file.is_empty() {
                of.files.remove(&path);
            }
        }
        self.bytes -= before - of.bytes;
        if of.uses.is_empty() {
            self.namespaces.remove(&name);
        } else {
            self.sizes.insert((of.bytes, name));
        }
        true
    }
}

#[cfg(test)]
#[path = "ranges/tests.rs"]
mod tests;
