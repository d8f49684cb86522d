//! One collection in memory: memtables over an image of the folded rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::types::{CollectionInfo, Commit};
use crate::catalog::{Aside, FoldedTable, Layout, TableId, Totals};
use crate::image::{Done, Image, Merged, cost};
use crate::memtable::{Lookup, MemRow, MemTable, Slot, Touched};
use crate::schema::Schema;
use crate::search::{Abandoned, At, View};
use crate::store::Residence;
use crate::table::FoldInput;

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) table: TableId,
    pub(super) schema: Arc<Schema>,
    pub(super) created_commit: Commit,
    /// The commit that put this collection here: that of its creation, or of a rewind.
    pub(super) since: Commit,
    /// The Lance version that the root, or the rewind, names.
    pub(super) version: Option<u64>,
    /// What the root says of that version's files.
    pub(super) layout: Option<Arc<Layout>>,
    /// Sums over the live rows; exact when the image is there or there are no memtables.
    pub(super) totals: Totals,
    active: MemTable,
    /// What a fold brings into the table, or what was set aside because the table did not take it.
    frozen: Option<MemTable>,
    aside: Option<SetAside>,
    /// `None` until the first read or write needs it. Rows enter the memtables only when it is there, but
    /// for the replay of the log.
    image: Option<Image>,
    /// All columns were too much for the memory there is; a monotonic time before which that is not tried again.
    pub(super) not_whole_before: Duration,
    /// The place of the image among those who hold memory.
    residence: Option<Residence>,
}

/// Why a collection takes no writes.
#[derive(Debug)]
struct SetAside {
    why: Arc<str>,
    /// Ids set aside whose rows in the table are still in the totals, as these were not in memory.
    counted_twice: HashSet<Box<str>>,
}

/// A collection at a freeze.
#[derive(Debug, Clone)]
pub(super) struct FrozenCollection {
    pub(super) name: String,
    pub(super) table: TableId,
    pub(super) schema: Arc<Schema>,
    pub(super) created_commit: Commit,
    pub(super) since: Commit,
    pub(super) version: Option<u64>,
    pub(super) layout: Option<Arc<Layout>>,
    pub(super) totals: Totals,
    pub(super) memtable: MemTable,
    /// Whether an earlier fold has set a part of the memtable aside.
    pub(super) set_aside: bool,
    /// As in [`Aside`].
    pub(super) counted_twice: Vec<Box<str>>,
    /// The rows that were live, and their slots.
    pub(super) rows: Vec<Slot>,
    pub(super) slots: Vec<u32>,
}

/// A collection whose folded rows are asked for in its table.
#[derive(Debug)]
pub(super) struct ColdCollection {
    pub(super) view: View,
    pub(super) touched: Vec<Touched>,
    pub(super) table: TableId,
    pub(super) version: u64,
    pub(super) layout: Arc<Layout>,
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

/// What was set aside, as a memtable.
fn restored(aside: Aside, schema: &Schema) -> (MemTable, SetAside) {
    let mut memtable = MemTable::default();
    for (commit, row) in aside.rows {
        memtable.put(Arc::new(MemRow::new(row, schema)), commit);
    }
    aside.removed.iter().for_each(|id| memtable.tombstone(id));
    let counted_twice = aside.counted_twice.into_iter().collect();
    (memtable, SetAside { why: aside.why.into(), counted_twice })
}

impl FrozenCollection {
    /// What the checkpoint holds instead of a version with these rows.
    pub(super) fn aside(&self, why: String) -> Aside {
        Aside {
            why,
            rows: self.rows.iter().map(|slot| (slot.commit, slot.row.row.clone())).collect(),
            removed: self.memtable.removed().map(Box::from).collect(),
            counted_twice: self.counted_twice.clone(),
        }
    }
}

impl Collection {
    pub(super) fn created(name: String, table: TableId, schema: Arc<Schema>, commit: Commit) -> Self {
        Self {
            name,
            table,
            schema,
            created_commit: commit,
            since: commit,
            version: None,
            layout: None,
            totals: Totals::default(),
            active: MemTable::default(),
            frozen: None,
            aside: None,
            image: Some(Image::default()),
            not_whole_before: Duration::ZERO,
            residence: None,
        }
    }

    pub(super) fn folded(folded: FoldedTable) -> Self {
        let schema = Arc::new(folded.schema);
        let (frozen, aside) = folded.aside.map(|aside| restored(aside, &schema)).unzip();
        Self {
            frozen,
            aside,
            version: folded.version,
            layout: folded.layout.map(Arc::new),
            totals: folded.totals,
            image: folded.version.is_none().then(Image::default),
            ..Self::created(folded.name, folded.table, schema, folded.created_commit)
        }
    }

    /// The collection that the rewind `commit` brings back, with its rows if they are in memory.
    pub(super) fn rewound(folded: FoldedTable, image: Option<Image>, commit: Commit) -> Self {
        let collection = Self::folded(folded);
        Self { since: commit, image: collection.image.or(image), ..collection }
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

    /// Whether all columns of the folded rows are in memory.
    pub(super) fn has_whole_image(&self) -> bool {
        self.image.as_ref().is_some_and(|image| image.remote.is_none())
    }

    /// Bytes of memory that the folded rows have reserved.
    pub(super) fn resident_bytes(&self) -> usize {
        self.image.as_ref().map_or(0, Image::memory)
    }

    /// Notes a read or a write at `now`, a monotonic time.
    pub(super) fn used(&self, now: Duration) {
        if let Some(residence) = &self.residence {
            residence.used(now);
        }
    }

    /// Gives the image a place by `enter`, if it holds memory and has none.
    pub(super) fn settle_in(&mut self, enter: impl FnOnce() -> Residence) {
        if self.residence.is_none() && self.resident_bytes() > 0 {
            self.residence = Some(enter());
        }
    }

    /// Takes the folded rows out of memory. `None` when rows that are not folded need them beside them.
    pub(super) fn evict(&mut self) -> Option<(Option<Image>, Option<Residence>)> {
        if self.has_unfolded() || self.version.is_none() || self.image.is_none() {
            return None;
        }
        Some((self.image.take(), self.residence.take()))
    }

    pub(super) fn has_unfolded(&self) -> bool {
        !self.active.is_empty() || self.frozen.is_some()
    }

    /// Why it takes no writes, if it does not: a table that does not take what is there already would let more pile up.
    pub(super) fn is_set_aside(&self) -> Option<&Arc<str>> {
        self.aside.as_ref().map(|aside| &aside.why)
    }

    /// Bytes of what is set aside.
    pub(super) fn aside_bytes(&self) -> usize {
        self.frozen.as_ref().filter(|_| self.aside.is_some()).map_or(0, MemTable::bytes)
    }

    /// Rows and tombstones that wait for a fold, and their bytes; what is set aside waits for its table.
    pub(super) fn memtable_size(&self) -> (usize, usize) {
        let frozen = self.frozen.as_ref().filter(|_| self.aside.is_none());
        let frozen = frozen.map_or((0, 0), |f| (f.writes(), f.bytes()));
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
        // What an earlier image was shadowed by is counted out already.
        let again = self.image.is_some();
        let mut counted = self.totals;
        for id in self.frozen.iter().flat_map(MemTable::touched) {
            // The totals of a checkpoint leave out the rows that what is set aside shadows.
            let once = again || self.aside.as_ref().is_some_and(|aside| !aside.counted_twice.contains(id));
            image.kill(id, if once { &mut counted } else { &mut self.totals });
        }
        for id in self.active.touched() {
            image.kill(id, if again { &mut counted } else { &mut self.totals });
        }
        if let Some(aside) = &mut self.aside {
            aside.counted_twice.clear();
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
            indexes: image.indexes.clone(),
            cold: None,
            totals: self.totals,
            abandoned: Abandoned::default(),
        })
    }

    /// Whether a vector column has so many rows that it is indexed in memory.
    pub(super) fn may_be_indexed(&self, above: usize) -> bool {
        let rows = usize::try_from(self.totals.rows).unwrap_or(usize::MAX);
        self.schema.vectors.values().any(|spec| cost(rows, *spec) > above)
    }

    /// Brings in what was done for an index.
    pub(super) fn indexed(&mut self, done: Done) {
        if let Some(image) = &mut self.image {
            image.finish(done);
        }
    }

    /// Rows in indexes that are searched, and the memory of all indexes.
    pub(super) fn index_size(&self) -> (usize, usize) {
        let indexes = self.image.iter().flat_map(|image| &image.indexes);
        indexes.fold((0, 0), |(rows, bytes), index| {
            let (searched, graph) = (index.width().is_some(), index.graph());
            (rows + if searched { graph.len() } else { 0 }, bytes + graph.memory_bytes())
        })
    }

    /// What is needed to bring its table to other files: the schema, the version, the sums, and whether rows are streamed
    /// from it. `None` when there is no table.
    pub(super) fn in_files(&self) -> Option<(Arc<Schema>, u64, Totals, bool)> {
        let streams = self.image.as_ref().is_some_and(|image| image.remote.is_some());
        Some((Arc::clone(&self.schema), self.version?, self.totals, streams))
    }

    /// The same rows are at `version`, in other files; `image` is of those when rows are streamed. Nothing may be frozen.
    pub(super) fn rewritten(&mut self, version: u64, image: Option<Image>) {
        self.version = Some(version);
        // The next fold describes the files; without that, an index that is gone would be taken for there.
        self.layout = None;
        if let Some(mut image) = image {
            // These rows were counted out when they were shadowed.
            let mut counted = self.totals;
            for id in self.active.touched() {
                image.kill(id, &mut counted);
            }
            self.image = Some(image);
        }
    }

    /// The image of `version`, when nothing was written upon it.
    pub(super) fn untouched_image(&self, version: u64) -> Option<Image> {
        self.image.clone().filter(|_| self.version == Some(version) && !self.has_unfolded())
    }

    /// The collection for a query by the vector index of its table: what is not in memory of it, and what newer writes
    /// shadow there. `None` when all rows are in memory, or the table has no such index.
    pub(super) fn cold(&self, column: &str) -> Option<ColdCollection> {
        if self.image.as_ref().is_some_and(|image| image.remote.is_none()) {
            return None;
        }
        let layout = self.layout.as_ref().filter(|layout| Some(layout.version) == self.version)?;
        layout.indexes.iter().find(|index| index.column == column)?;
        let view = View {
            schema: Arc::clone(&self.schema),
            mems: self.frozen.iter().chain([&self.active]).map(MemTable::view).collect(),
            parts: Vec::new(),
            remote: None,
            indexes: Vec::new(),
            cold: None,
            totals: self.totals,
            abandoned: Abandoned::default(),
        };
        let touched = self.frozen.iter().chain([&self.active]).map(MemTable::touched_ids).collect();
        Some(ColdCollection { view, touched, table: self.table, version: self.version?, layout: Arc::clone(layout) })
    }

    /// The image as it is, for a fold to build upon.
    pub(super) fn image(&self) -> Option<Image> {
        self.image.clone()
    }

    pub(super) fn freeze(&mut self) -> FrozenCollection {
        let active = std::mem::take(&mut self.active);
        if let Some(aside) = self.aside.as_mut().filter(|_| self.image.is_none()) {
            let known: HashSet<&str> = self.frozen.iter().flat_map(MemTable::touched).collect();
            aside.counted_twice.extend(active.touched().filter(|id| !known.contains(id)).map(Box::from));
        }
        // What was set aside is tried again, with what came after it.
        let memtable = self.frozen.take().map_or_else(|| active.clone(), |aside| aside.joined(&active));
        let (slots, rows) = memtable.live().map(|(at, slot)| (at, slot.clone())).unzip();
        self.frozen = (!memtable.is_empty()).then(|| memtable.clone());
        FrozenCollection {
            name: self.name.clone(),
            table: self.table,
            schema: Arc::clone(&self.schema),
            created_commit: self.created_commit,
            since: self.since,
            version: self.version,
            layout: self.layout.clone(),
            totals: self.totals,
            counted_twice: self.counted_twice(&memtable),
            set_aside: self.aside.is_some(),
            memtable,
            rows,
            slots,
        }
    }

    /// Ids of a memtable whose rows in the table are still in the totals.
    fn counted_twice(&self, memtable: &MemTable) -> Vec<Box<str>> {
        match (&self.aside, &self.image) {
            (_, Some(_)) => Vec::new(),
            (Some(aside), None) => aside.counted_twice.iter().cloned().collect(),
            (None, None) => memtable.touched().map(Box::from).collect(),
        }
    }

    /// The frozen rows are not in the table, and stay as they are.
    pub(super) fn set_aside(&mut self, why: &str, frozen: &FrozenCollection) {
        // An image that came meanwhile has put the totals right.
        let counted_twice = if self.image.is_none() { frozen.counted_twice.as_slice() } else { &[] };
        self.aside = Some(SetAside { why: why.into(), counted_twice: counted_twice.iter().cloned().collect() });
    }

    /// The frozen rows are in the table now: the image takes their place.
    pub(super) fn publish(
        &mut self,
        (version, layout): (Option<u64>, Option<Arc<Layout>>),
        next: NextImage,
        frozen: &FrozenCollection,
    ) {
        let gone = self.frozen.take().unwrap_or_default();
        self.version = version;
        self.aside = None;
        self.layout = layout;
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

impl FrozenCollection {
    /// What of it goes into its table.
    pub(super) fn input(&self) -> FoldInput<'_> {
        FoldInput {
            table: self.table,
            schema: &self.schema,
            known_version: self.version,
            frozen: &self.memtable,
            rows: &self.rows,
        }
    }

    /// The collection when all its rows are in its table at `version`.
    pub(super) fn in_table(&self, version: Option<u64>) -> FoldedTable {
        FoldedTable {
            name: self.name.clone(),
            table: self.table,
            schema: (*self.schema).clone(),
            created_commit: self.created_commit,
            version,
            layout: None,
            totals: self.totals,
            aside: None,
        }
    }
}
