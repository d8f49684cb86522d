//! One collection in memory: memtables over an image of the folded rows.

use std::sync::Arc;

use super::types::{CollectionInfo, Commit};
use crate::catalog::{FoldedTable, TableId, Totals};
use crate::image::{Image, Merged};
use crate::memtable::{Lookup, MemRow, MemTable, Slot};
use crate::schema::Schema;
use crate::search::{Abandoned, At, View};

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) table: TableId,
    pub(super) schema: Arc<Schema>,
    pub(super) created_commit: Commit,
    /// The Lance version that the root names.
    pub(super) version: Option<u64>,
    /// Sums over the live rows; exact when the image is there or there are no memtables.
    pub(super) totals: Totals,
    active: MemTable,
    frozen: Option<MemTable>,
    /// `None` until the first read or write needs it. Rows enter the memtables only when it is there, but
    /// for the replay of the log.
    image: Option<Image>,
}

/// A collection at a freeze.
#[derive(Debug, Clone)]
pub(super) struct FrozenCollection {
    pub(super) name: String,
    pub(super) table: TableId,
    pub(super) schema: Arc<Schema>,
    pub(super) created_commit: Commit,
    pub(super) version: Option<u64>,
    pub(super) totals: Totals,
    pub(super) memtable: MemTable,
    /// The rows that were live, and their slots.
    pub(super) rows: Vec<Slot>,
    pub(super) slots: Vec<u32>,
}

/// How the folded rows come into memory when a fold is published.
pub(super) enum NextImage {
    /// Nothing was folded into this table.
    Same,
    /// The memtable's rows as one more segment.
    Merged(Merged),
    /// A new image, without the marks of what is not folded yet.
    Loaded(Image),
}

impl Collection {
    pub(super) fn created(name: String, table: TableId, schema: Arc<Schema>, commit: Commit) -> Self {
        Self {
            name,
            table,
            schema,
            created_commit: commit,
            version: None,
            totals: Totals::default(),
            active: MemTable::default(),
            frozen: None,
            image: Some(Image::default()),
        }
    }

    pub(super) fn folded(folded: FoldedTable) -> Self {
        Self {
            version: folded.version,
            totals: folded.totals,
            image: folded.version.is_none().then(Image::default),
            ..Self::created(folded.name, folded.table, Arc::new(folded.schema), folded.created_commit)
        }
    }

    pub(super) fn info(&self) -> CollectionInfo {
        CollectionInfo {
            name: self.name.clone(),
            schema: (*self.schema).clone(),
            created_commit: self.created_commit,
            rows: self.totals.rows,
            logical_bytes: self.totals.bytes,
        }
    }

    pub(super) fn has_image(&self) -> bool {
        self.image.is_some()
    }

    pub(super) fn has_unfolded(&self) -> bool {
        !self.active.is_empty() || self.frozen.is_some()
    }

    pub(super) fn memtable_size(&self) -> (usize, usize) {
        let frozen = self.frozen.as_ref().map_or((0, 0), |f| (f.writes(), f.bytes()));
        (self.active.writes() + frozen.0, self.active.bytes() + frozen.1)
    }

    /// Puts a row in the place of any older one of its id.
    pub(super) fn upsert(&mut self, row: Arc<MemRow>, commit: Commit) {
        self.shadow(&row.row.id);
        self.totals.add(row.bytes, row.terms.as_ref().map(|t| t.length));
        self.active.put(row, commit);
    }

    pub(super) fn delete(&mut self, id: &str) {
        self.shadow(id);
        self.active.tombstone(id);
    }

    /// Marks the live row of `id` dead, wherever it is, and counts it out.
    fn shadow(&mut self, id: &str) {
        for mem in std::iter::once(&mut self.active).chain(&mut self.frozen) {
            let (slot, bytes, tokens) = match mem.get(id) {
                Lookup::Absent => continue,
                Lookup::Deleted => return,
                Lookup::Row(slot, row) => (slot, row.bytes, row.terms.as_ref().map(|t| t.length)),
            };
            if mem.kill(slot) {
                self.totals.remove(bytes, tokens);
            }
            return;
        }
        if let Some(image) = &mut self.image {
            image.kill(id, &mut self.totals);
        }
    }

    /// Where the live row of `id` is. Needs the image.
    pub(super) fn place(&self, id: &str) -> Option<At> {
        for mem in std::iter::once(&self.active).chain(&self.frozen) {
            match mem.get(id) {
                Lookup::Absent => {}
                Lookup::Deleted => return None,
                Lookup::Row(slot, row) => return (!mem.is_dead(slot)).then(|| At::Mem(Arc::clone(row))),
            }
        }
        let image = self.image.as_ref()?;
        let place = image.find(id)?;
        Some(match &image.remote {
            None => At::Segment(Arc::clone(&image.parts[place.part].segment), place.row),
            Some(_) => At::Remote(image.position(place)),
        })
    }

    /// Where the live row of `id` is, and the commit that wrote it. Needs the image.
    pub(super) fn newest(&self, id: &str) -> Option<(At, Commit)> {
        let at = self.place(id)?;
        let commit = match &at {
            At::Mem(_) => self.memtable_commit(id)?,
            At::Segment(segment, row) => segment.commit(*row),
            At::Remote(_) => {
                let image = self.image.as_ref()?;
                let place = image.find(id)?;
                image.parts[place.part].segment.commit(place.row)
            }
        };
        Some((at, commit))
    }

    fn memtable_commit(&self, id: &str) -> Option<Commit> {
        std::iter::once(&self.active).chain(&self.frozen).find_map(|mem| match mem.get(id) {
            Lookup::Row(slot, _) => mem.slot(slot).map(|slot| slot.commit),
            Lookup::Absent | Lookup::Deleted => None,
        })
    }

    /// The ids of the rows in the memtables that were written after `commit`; some may have been removed since.
    pub(super) fn written_since(&self, commit: Commit) -> impl Iterator<Item = &str> {
        let mems = std::iter::once(&self.active).chain(&self.frozen);
        mems.flat_map(move |mem| mem.since(commit)).map(|slot| &*slot.row.row.id)
    }

    /// Brings the folded rows into memory: `image` is of the version the root names.
    pub(super) fn attach(&mut self, mut image: Image) {
        for mem in self.frozen.iter().chain([&self.active]) {
            for id in mem.touched() {
                image.kill(id, &mut self.totals);
            }
        }
        self.image = Some(image);
    }

    /// The collection for a reader. Needs the image.
    pub(super) fn view(&self) -> Option<View> {
        let image = self.image.as_ref()?;
        Some(View {
            schema: Arc::clone(&self.schema),
            mems: self.frozen.iter().chain([&self.active]).map(MemTable::view).collect(),
            parts: image.parts.clone(),
            remote: image.remote.clone(),
            totals: self.totals,
            abandoned: Abandoned::default(),
        })
    }

    /// The image as it is, for a fold to build upon.
    pub(super) fn image(&self) -> Option<Image> {
        self.image.clone()
    }

    pub(super) fn freeze(&mut self) -> FrozenCollection {
        let memtable = std::mem::take(&mut self.active);
        let (slots, rows) = memtable.live().map(|(at, slot)| (at, slot.clone())).unzip();
        self.frozen = (!memtable.is_empty()).then(|| memtable.clone());
        FrozenCollection {
            name: self.name.clone(),
            table: self.table,
            schema: Arc::clone(&self.schema),
            created_commit: self.created_commit,
            version: self.version,
            totals: self.totals,
            memtable,
            rows,
            slots,
        }
    }

    /// The frozen rows are in the table now: the image takes their place.
    pub(super) fn publish(&mut self, version: Option<u64>, next: NextImage, frozen: &FrozenCollection) {
        let gone = self.frozen.take().unwrap_or_default();
        self.version = version;
        match next {
            NextImage::Same => {}
            NextImage::Merged(merged) => {
                let image = self.image.get_or_insert_default();
                merged.publish(image, |row| frozen.slots.get(row).is_none_or(|slot| gone.is_dead(*slot)));
            }
            NextImage::Loaded(mut image) => {
                // These rows were counted out when they were shadowed.
                let mut counted = self.totals;
                for id in self.active.touched() {
                    image.kill(id, &mut counted);
                }
                self.image = Some(image);
            }
        }
    }
}
