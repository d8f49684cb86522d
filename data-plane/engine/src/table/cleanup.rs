//! Removing the files of a table that no version which must stay refers to.
//!
//! # Why nobody loses a file
//! A transaction becomes a version only as the direct successor of the version it was computed from
//! ([`super::strict`]). So a fold in flight, of this owner or of one that was paused, can succeed only while no
//! newer version than its base exists. This owner has committed a version of its own, which is the newest one
//! listed: every transaction begun before that has lost, whatever files it has written or will write, and those of
//! this owner are begun by the caller, who cleans only between them. An owner that comes later takes the namespace
//! over before it writes a file; as it is asked after the files were listed that nobody has, none of them is a
//! successor's. It builds upon a version that stays, and names its new files anew; so the list does no harm even when
//! the last of it is removed after a long sleep. What is written outside of a fold (an index) is not known
//! to any version yet, and so protected by its age.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use lance::Dataset;
use lance_table::io::commit::ManifestNamingScheme;
use lance_table::io::deletion::relative_deletion_file_path;
use lance_table::io::manifest::read_manifest_indexes;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::open::{TableError, TableFiles};
use super::pieces::Piece;
use crate::catalog::TableId;

/// Manifests removed in one run at most, and other files; the next run goes on.
const MAX_REMOVED: usize = 2_000;
/// Manifests read at the same time.
const READ_PARALLEL: usize = 8;

/// What is to be cleaned.
pub(crate) struct CleanInput<'a> {
    pub(crate) table: TableId,
    /// Versions that must stay, beside the newest.
    pub(crate) keep: &'a BTreeSet<u64>,
    /// The version that this owner committed last. Nothing is done unless it is the newest one there is.
    pub(crate) committed: u64,
    /// Files that no version ever referred to stay this long after they were written, by the store's clock.
    pub(crate) grace: Duration,
}

/// Objects and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Removed {
    pub(crate) fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
    }
}

/// What a table takes in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Footprint {
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    /// Bytes that the newest version refers to.
    pub(crate) live_bytes: u64,
    /// The part of them that is taken by deleted rows, by their share of each file.
    pub(crate) dead_bytes: u64,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cleaned {
    pub(crate) removed: Removed,
    /// What is left. `None` when nothing was looked at.
    pub(crate) footprint: Option<Footprint>,
    /// Whether there was more to remove than one run may.
    pub(crate) unfinished: bool,
}

/// An object of the table.
struct File {
    /// Path inside the table.
    name: String,
    meta: ObjectMeta,
}

/// What a version refers to, by path inside the table.
#[derive(Default)]
struct References {
    files: HashSet<String>,
    indexes: HashSet<String>,
    dead_bytes: u64,
}

/// Removes what is not needed. `still_owner` is asked when the files are listed. Killed half-way, the next run does the
/// rest: manifests go first, so no version that can be opened lacks a file.
///
/// # Errors
/// When the store fails, or a version that must stay is not there; then nothing is removed.
pub(crate) async fn clean<F>(
    files: &TableFiles,
    input: &CleanInput<'_>,
    still_owner: impl FnOnce() -> F,
) -> Result<Cleaned, TableError>
where
    F: Future<Output = Result<bool, TableError>>,
{
    let listed = list(files, input.table).await?;
    if !still_owner().await? {
        return Err(TableError::Fenced);
    }
    let versions: BTreeMap<u64, &File> = listed.iter().filter_map(|f| Some((version_of(&f.name)?, f))).collect();
    let Some((newest, manifest)) = versions.last_key_value().filter(|(newest, _)| **newest == input.committed) else {
        return Ok(Cleaned::default());
    };
    let live = references(files, input.table, *newest).await?;
    let kept = read_all(files, input.table, input.keep.iter().filter(|version| *version != newest)).await;
    let kept = kept.into_iter().collect::<Result<Vec<_>, _>>()?;
    let expired = versions.keys().filter(|version| *version != newest && !input.keep.contains(version));
    let expired: Vec<&u64> = expired.take(MAX_REMOVED).collect();
    // What they refer to was committed once, so nobody is about to. One that cannot be read is removed all the same.
    let left = read_all(files, input.table, expired.iter().copied()).await;
    let left: Vec<References> = left.into_iter().filter_map(Result::ok).collect();
    let written_by = before(manifest.meta.last_modified, input.grace);

    let mut footprint = Footprint { dead_bytes: live.dead_bytes, ..Footprint::default() };
    let manifests: Vec<&ObjectMeta> = expired.iter().filter_map(|v| Some(&versions.get(v)?.meta)).collect();
    let mut rest = Vec::new();
    for file in &listed {
        footprint.objects += 1;
        footprint.bytes += file.meta.size;
        let is_newest = version_of(&file.name).is_some_and(|version| version == *newest);
        if is_newest || live.has(&file.name) {
            footprint.live_bytes += file.meta.size;
        } else if is_file(&file.name)
            && !kept.iter().any(|version| version.has(&file.name))
            && (file.meta.last_modified <= written_by || left.iter().any(|version| version.has(&file.name)))
        {
            rest.push(&file.meta);
        }
    }
    let unfinished = expired.len() == MAX_REMOVED || rest.len() > MAX_REMOVED;
    rest.truncate(MAX_REMOVED);
    let objects = files.store.objects();
    remove(&*objects, &manifests).await?;
    remove(&*objects, &rest).await?;
    let gone = manifests.iter().chain(&rest);
    let removed = Removed { objects: gone.clone().count() as u64, bytes: gone.map(|meta| meta.size).sum() };
    footprint.objects -= removed.objects;
    footprint.bytes -= removed.bytes;
    Ok(Cleaned { removed, footprint: Some(footprint), unfinished })
}

/// Whether a table that this owner has not committed to holds files of rows that no version in `keep` refers to, so
/// that a version of its own, and a clean-up after that, would free something. What only tells how versions came about
/// does not count: the version itself adds some of it.
///
/// # Errors
/// When the store fails, or a version that must stay is not there.
pub(crate) async fn is_worth_cleaning(
    files: &TableFiles,
    table: TableId,
    keep: &BTreeSet<u64>,
) -> Result<bool, TableError> {
    let listed = list(files, table).await?;
    let kept = read_all(files, table, keep.iter()).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let goes = |file: &File| of_rows(&file.name) && !kept.iter().any(|version| version.has(&file.name));
    Ok(listed.iter().any(goes))
}

fn before(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by).ok().and_then(|by| time.checked_sub_signed(by)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

async fn read_all(
    files: &TableFiles,
    table: TableId,
    versions: impl Iterator<Item = &u64>,
) -> Vec<Result<References, TableError>> {
    let reads: Vec<_> = versions.map(|version| references(files, table, *version)).collect();
    futures::stream::iter(reads).buffer_unordered(READ_PARALLEL).collect().await
}

async fn list(files: &TableFiles, table: TableId) -> Result<Vec<File>, TableError> {
    let base = files.path(table);
    let objects = files.store.objects();
    let named = |meta: ObjectMeta| {
        let name: Vec<String> = meta.location.prefix_match(&base)?.map(|part| part.as_ref().to_owned()).collect();
        Some(File { name: name.join("/"), meta })
    };
    let listing = objects.list(Some(&base)).try_filter_map(|meta| std::future::ready(Ok(named(meta))));
    Ok(listing.try_collect().await?)
}

async fn remove(objects: &dyn ObjectStore, gone: &[&ObjectMeta]) -> Result<(), TableError> {
    let paths: Vec<object_store::Result<Path>> = gone.iter().map(|meta| Ok(meta.location.clone())).collect();
    let mut deleted = objects.delete_stream(futures::stream::iter(paths).boxed());
    while let Some(outcome) = deleted.next().await {
        match outcome {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The version whose manifest this is.
fn version_of(name: &str) -> Option<u64> {
    let file = name.strip_prefix("_versions/").filter(|file| file.ends_with(".manifest"))?;
    ManifestNamingScheme::detect_scheme(file)?.parse_version(file)
}

/// The kinds of files that versions refer to. Anything else is left alone.
fn is_file(name: &str) -> bool {
    match name.split_once('/') {
        Some(("_transactions", _)) => true,
        Some(("_versions", file)) => file.starts_with(".tmp"),
        _ => of_rows(name),
    }
}

/// Those of them that hold rows, say which of these are deleted, or find them.
fn of_rows(name: &str) -> bool {
    match name.split_once('/') {
        Some(("data", file)) => file.ends_with(".lance"),
        Some(("_deletions" | "_indices", _)) => true,
        _ => false,
    }
}

async fn references(files: &TableFiles, table: TableId, version: u64) -> Result<References, TableError> {
    let dataset = files.open(table, version).await?;
    let manifest = dataset.manifest();
    let mut found = References::default();
    for fragment in manifest.fragments.iter() {
        // A file with a base is in another table.
        let own = fragment.referenced_lance_files().filter(|file| file.base_id.is_none());
        found.files.extend(own.map(|file| format!("data/{}", file.path)));
        if let Some(deletions) = &fragment.deletion_file {
            found.files.insert(relative_deletion_file_path(fragment.id, deletions));
        }
        found.dead_bytes += Piece::of(fragment).dead_bytes();
    }
    found.files.extend(manifest.transaction_file.iter().map(|file| format!("_transactions/{file}")));
    found.indexes = indexes(&dataset).await?;
    Ok(found)
}

async fn indexes(dataset: &Dataset) -> Result<HashSet<String>, TableError> {
    let objects = dataset.object_store(None).await?;
    let indexes = read_manifest_indexes(&objects, dataset.manifest_location(), dataset.manifest()).await?;
    Ok(indexes.iter().map(|index| index.uuid.to_string()).collect())
}

impl References {
    fn has(&self, name: &str) -> bool {
        let index = name.strip_prefix("_indices/").and_then(|rest| rest.split('/').next());
        index.map_or_else(|| self.files.contains(name), |uuid| self.indexes.contains(uuid))
    }
}
