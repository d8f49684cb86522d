//! Merging small fragments, and rewriting those with many deleted rows.
//!
//! Every fold adds a fragment. The newest ones are merged when there are [`FAN_IN`], together with all older ones next
//! to them that hold no more rows than those newer than them. So a row that is merged is in a fragment of at least
//! twice the size after every second merge at the latest, is rewritten a logarithmic number of times, and a table has
//! a logarithmic number of fragments. A fragment is rewritten alone when more than [`ROTTEN`] of it is deleted: the
//! files of a version are at most a third larger than its rows, but for what the budget leaves to the next time.

use std::collections::HashSet;

use lance::dataset::optimize::{CompactionOptions, compact_files};

use super::open::{TableError, TableFiles};
use super::pieces::{Piece, pieces};
use crate::catalog::TableId;

/// Small fragments that are merged at once, at least.
const FAN_IN: usize = 8;
/// A fragment with more than one deleted row in so many is rewritten.
const ROTTEN: u64 = 4;
/// Rows read at a time.
const BATCH: usize = 4096;
/// Fragments are bounded by bytes; Lance wants a bound by rows, too.
const MAX_ROWS: usize = 1 << 30;

/// A version with the same rows in fewer files.
#[derive(Debug)]
pub(crate) struct Compacted {
    pub(crate) version: u64,
    /// Bytes of the files written.
    pub(crate) bytes: u64,
    pub(crate) pieces: Vec<Piece>,
}

/// Compacts `version`, the newest one, of which `known` are the fragments, and which this owner has committed.
/// Rewrites about `budget` bytes at most; a single rotten fragment may be larger. `None` when there is nothing to do.
pub(crate) async fn compact(
    files: &TableFiles,
    table: TableId,
    version: u64,
    known: &[Piece],
    budget: u64,
) -> Result<Option<Compacted>, TableError> {
    let chosen = choose(known, budget);
    if chosen.is_empty() {
        return Ok(None);
    }
    tracing::debug!(fragments = chosen.len(), "a compaction begins");
    let compacted = rewrite(files, (table, version), known, &chosen).await;
    tracing::debug!("a compaction ended");
    compacted
}

async fn rewrite(
    files: &TableFiles,
    (table, version): (TableId, u64),
    known: &[Piece],
    chosen: &HashSet<u64>,
) -> Result<Option<Compacted>, TableError> {
    let mut dataset = files.open_to_commit(table, version).await?;
    let others = known.iter().filter(|piece| !chosen.contains(&piece.id));
    let others: Result<Vec<u32>, _> = others.map(|piece| u32::try_from(piece.id)).collect();
    let options = CompactionOptions {
        target_rows_per_fragment: MAX_ROWS,
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        materialize_deletions_threshold: 1.0 / ROTTEN as f32,
        num_threads: Some(1),
        batch_size: Some(BATCH),
        excluded_fragment_ids: others.map_err(|_| TableError::Damaged("a fragment's id is too large".to_owned()))?,
        ..CompactionOptions::default()
    };
    compact_files(&mut dataset, options, None).await?;
    let manifest = dataset.manifest();
    if manifest.version == version {
        return Ok(None);
    }
    let pieces = pieces(manifest);
    let before: HashSet<u64> = known.iter().map(|piece| piece.id).collect();
    let bytes = pieces.iter().filter(|piece| !before.contains(&piece.id)).map(|piece| piece.bytes).sum();
    Ok(Some(Compacted { version: manifest.version, bytes, pieces }))
}

/// Compacts `before`, which is not the newest version, and puts the result in the place of the newest.
#[cfg(feature = "planted-bugs")]
pub(crate) async fn planted_beside_fold(
    files: &TableFiles,
    table: TableId,
    before: u64,
) -> Result<Option<u64>, TableError> {
    let Some(head) = files.open_latest(table).await? else { return Ok(None) };
    let restored = super::fold::restore(std::sync::Arc::new(head), before).await?;
    let (version, pieces) = (restored.manifest().version, pieces(restored.manifest()));
    let all = pieces.iter().map(|piece| piece.id).collect();
    let compacted = rewrite(files, (table, version), &pieces, &all).await?;
    Ok(Some(compacted.map_or(version, |compacted| compacted.version)))
}

/// The fragments to rewrite.
fn choose(pieces: &[Piece], budget: u64) -> HashSet<u64> {
    let mut chosen = HashSet::new();
    let (mut rows, mut bytes) = (0, 0);
    for piece in pieces.iter().rev() {
        if !chosen.is_empty() && (piece.live() > rows || bytes + piece.bytes > budget) {
            break;
        }
        chosen.insert(piece.id);
        rows += piece.live();
        bytes += piece.bytes;
    }
    if chosen.len() < FAN_IN {
        chosen.clear();
        bytes = 0;
    }
    let is_rotten = |piece: &&Piece| piece.deleted * ROTTEN > piece.rows && !chosen.contains(&piece.id);
    let mut rotten: Vec<&Piece> = pieces.iter().filter(is_rotten).collect();
    rotten.sort_by_key(|piece| std::cmp::Reverse(piece.dead_bytes()));
    for piece in rotten {
        if bytes == 0 || bytes + piece.bytes <= budget {
            chosen.insert(piece.id);
            bytes += piece.bytes;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: u64, rows: u64, deleted: u64) -> Piece {
        Piece { id, rows, deleted, bytes: rows * 10 }
    }

    fn chosen(pieces: &[Piece], budget: u64) -> Vec<u64> {
        let mut ids: Vec<u64> = choose(pieces, budget).into_iter().collect();
        ids.sort_unstable();
        ids
    }

    /// Folds of one size: what is written again, and how many fragments there are at most.
    fn folds(count: u64, rows: u64) -> (u64, usize) {
        let (mut pieces, mut rewritten, mut most): (Vec<Piece>, u64, usize) = (Vec::new(), 0, 0);
        for id in 0..count {
            pieces.push(piece(id, rows, 0));
            let chosen = choose(&pieces, u64::MAX);
            let merged: u64 = pieces.iter().filter(|p| chosen.contains(&p.id)).map(Piece::live).sum();
            if merged > 0 {
                pieces.retain(|p| !chosen.contains(&p.id));
                pieces.push(piece(id, merged, 0));
                rewritten += merged;
            }
            most = most.max(pieces.len());
        }
        (rewritten, most)
    }

    #[test]
    fn rows_are_rewritten_and_fragments_grow_by_the_logarithm() {
        for count in [10_u64, 100, 1_000, 10_000, 100_000] {
            let (rewritten, most) = folds(count, 20);
            let bound = u64::from((count / 8).max(1).ilog2()) + 2;
            assert!(rewritten <= count * 20 * bound, "{count} folds: {rewritten} rows rewritten");
            assert!(most as u64 <= 8 + bound, "{count} folds: {most} fragments");
        }
    }

    #[test]
    fn few_or_large_fragments_stay_as_they_are() {
        let few: Vec<Piece> = (0..7).map(|id| piece(id, 10, 0)).collect();
        assert!(chosen(&few, u64::MAX).is_empty());
        let mut large = vec![piece(0, 1_000, 0)];
        large.extend((1..=8).map(|id| piece(id, 10, 0)));
        assert_eq!(chosen(&large, u64::MAX), [1, 2, 3, 4, 5, 6, 7, 8]);
        let big: Vec<Piece> = (0..20).map(|id| piece(id, 100, 0)).collect();
        assert_eq!(chosen(&big, 9_000), (11..20).collect::<Vec<_>>(), "as many as the budget allows");
        assert!(chosen(&big, 5_000).is_empty());
    }

    #[test]
    fn fragments_with_many_deleted_rows_are_rewritten_the_worst_first() {
        let pieces = [piece(0, 100, 25), piece(1, 100, 26), piece(2, 100, 90), piece(3, 10, 0)];
        assert_eq!(chosen(&pieces, u64::MAX), [1, 2]);
        assert_eq!(chosen(&pieces, 1_500), [2]);
        assert_eq!(chosen(&pieces, 10), [2], "one is done even when it is larger than the budget");
    }
}
