//! A fold's new segment: the rows of the memtable, and those of older segments small enough to join them.
//!
//! A segment is joined when it has at most twice the rows gathered so far, or when most of it is dead, so
//! every row is copied a logarithmic number of times and there are few segments.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;

use super::index::Spot;
use super::segment::{SEGMENT_BYTES, SEGMENT_ROWS, memory_of};
use super::{Image, Place, Segment};
use crate::memtable::{Bits, Slot};
use crate::schema::Schema;
use crate::search::Postings;
use crate::store::MemoryBudget;
use crate::table::{TableError, batch_of};

/// The new segment, not yet visible.
pub(crate) struct Merged {
    segment: Option<Arc<Segment>>,
    /// Where each of its first rows was; the rows after these are the memtable's.
    from: Vec<Place>,
    /// The parts that it replaces, ascending.
    replaces: Vec<usize>,
}

/// Builds the segment from a snapshot of the image. `None` when the memory budget does not allow it.
pub(crate) fn merge(
    schema: &Schema,
    image: &Image,
    slots: &[Slot],
    budget: &Arc<MemoryBudget>,
) -> Result<Option<Merged>, TableError> {
    let fresh = batch_of(schema, slots)?;
    let replaces = choose(image, &fresh);
    // Before they are copied: the copy is at most as large as what it is made of.
    let sources = replaces.iter().map(|part| memory_of(image.parts[*part].segment.batch()));
    let Some(mut admitted) = budget.reserve(sources.sum::<usize>() + memory_of(&fresh)) else { return Ok(None) };
    let mut from = Vec::new();
    let mut batches: Vec<RecordBatch> = Vec::new();
    for part in &replaces {
        let (segment, dead) = (&image.parts[*part].segment, &image.parts[*part].dead);
        let live: Vec<u32> = (0..segment.len()).filter(|row| !dead.get(*row)).collect();
        let mask: BooleanArray = (0..segment.len()).map(|row| Some(!dead.get(row))).collect();
        batches.push(filter_record_batch(segment.batch(), &mask)?);
        from.extend(live.into_iter().map(|row| Place { part: *part, row }));
    }
    // Lance may mark columns nullable or carry metadata that ours do not; the columns themselves are the same.
    let arrow = batches.first().map_or_else(|| fresh.schema(), RecordBatch::schema);
    batches.push(RecordBatch::try_new(Arc::clone(&arrow), fresh.columns().to_vec())?);
    let batch = concat_batches(&arrow, &batches)?;
    if batch.num_rows() == 0 {
        return Ok(Some(Merged { segment: None, from, replaces }));
    }
    let Some(memory) = admitted.split(memory_of(&batch)) else { return Ok(None) };
    drop(admitted);
    let segment = Segment::new(schema, batch, Some(memory))?;
    let built: Option<Vec<_>> =
        replaces.iter().map(|p| image.parts[*p].segment.built_inverted().map(|i| (i, &image.parts[*p].dead))).collect();
    if let Some(built) = built {
        // The memtable knows its terms, and the older segments have theirs; nothing is analysed again.
        let mut postings = Postings::default();
        built.iter().for_each(|(old, dead)| postings.append(old, |row| !dead.get(row)));
        slots.iter().for_each(|slot| postings.push(slot.row.terms.as_ref()));
        segment.set_inverted(postings.finish());
    }
    Ok(Some(Merged { segment: Some(Arc::new(segment)), from, replaces }))
}

fn choose(image: &Image, fresh: &RecordBatch) -> Vec<usize> {
    let mut chosen = Vec::new();
    let (mut gathered, mut bytes) = (fresh.num_rows(), fresh.get_array_memory_size());
    for (at, part) in image.parts.iter().enumerate().rev() {
        let live = (part.segment.len() - part.dead.ones()) as usize;
        let more = part.segment.batch().get_array_memory_size();
        let small = live < SEGMENT_ROWS && live <= gathered.saturating_mul(2);
        let rotten = part.dead.ones() * 2 > part.segment.len();
        if (small || rotten) && bytes + more <= SEGMENT_BYTES {
            chosen.push(at);
            gathered += live;
            bytes += more;
        }
    }
    chosen.reverse();
    chosen
}

impl Merged {
    /// Puts the segment into the image as it is now. `fresh_dead(i)` says whether the `i`th memtable row has
    /// been shadowed since; rows of older segments may have been, too.
    pub(crate) fn publish(self, image: &mut Image, fresh_dead: impl Fn(usize) -> bool) {
        let mut dead = Bits::default();
        if let Some(segment) = &self.segment {
            for row in 0..segment.len() {
                let gone = match self.from.get(row as usize) {
                    Some(place) => image.parts[place.part].dead.get(place.row),
                    None => fresh_dead(row as usize - self.from.len()),
                };
                if gone {
                    dead.set(row);
                }
            }
        }
        let from: Vec<Spot> =
            self.from.iter().map(|place| Spot { part: image.parts[place.part].id, row: place.row }).collect();
        let replaced: Vec<u32> = self.replaces.iter().map(|part| image.parts[*part].id).collect();
        let rows = self.segment.as_ref().map_or(0, |segment| segment.len());
        for index in &mut image.indexes {
            Arc::make_mut(index).moved(&from, image.next_part, rows, &replaced);
        }
        let mut at = 0;
        image.parts.retain(|_| {
            at += 1;
            !self.replaces.contains(&(at - 1))
        });
        if let Some(segment) = self.segment {
            image.push(segment, dead);
        }
    }
}
