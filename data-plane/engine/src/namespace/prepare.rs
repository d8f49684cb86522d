//! From operations as callers give them to steps of a draft: checked, analysed, and with what they must know of
//! folded rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Namespace;
use super::errors::{ReadError, WriteError};
use super::operation::{Action, Condition, Edit, Operation, Patch};
use super::overlay::refuse_set_aside;
use super::patch::RowPatch;
use super::shared::refuse_unless_serving;
use super::step::{Selection, Step, StepAction};
use super::types::Commit;
use crate::catalog::TableId;
use crate::filter::Filter;
use crate::memtable::{MemRow, Row};
use crate::schema::{Record, Schema, SchemaMismatch, check_id, check_record, limits};
use crate::search::{self, At, Include, Room, SearchError, View};
use crate::store::IoScope;

/// Operations of one request that look through a whole collection.
const MAX_BY_FILTER: usize = 8;
/// Batches larger than this are analysed off the async threads.
const INLINE_BYTES: usize = 64 << 10;

/// The id of a folded row, where it is, and the commit that wrote it.
type Wanted = (Box<str>, At, Commit);

/// Bounds what one request may name.
pub(super) fn check_amounts(operations: &[Operation]) -> Result<(), WriteError> {
    let refuse = |why| Err(WriteError::BadRequest { field: "operations", why });
    if operations.is_empty() {
        return refuse("must hold at least one operation".to_owned());
    }
    let (mut items, mut by_filter) = (0, 0);
    for (index, operation) in operations.iter().enumerate() {
        let (field, named) = match &operation.action {
            Action::Upsert(records) => ("records", records.len()),
            Action::Patch { patches, .. } => ("patches", patches.len()),
            Action::Delete(ids) | Action::Check(ids) => ("ids", ids.len()),
            Action::PatchWhere { limit, .. } | Action::DeleteWhere { limit, .. } => {
                by_filter += 1;
                ("limit", *limit)
            }
        };
        if !(1..=limits::MAX_BATCH).contains(&named) {
            let what = if field == "limit" { "be" } else { "hold" };
            let why = format!("must {what} 1 to {}, not {named}", limits::MAX_BATCH);
            return Err(WriteError::BadRequest { field, why }.in_operation(index));
        }
        items += if field == "limit" { 0 } else { named };
    }
    if items > limits::MAX_BATCH {
        return refuse(format!("name {items} records in all; at most {} are allowed", limits::MAX_BATCH));
    }
    if by_filter > MAX_BY_FILTER {
        return refuse(format!("{by_filter} go by a filter; at most {MAX_BY_FILTER} are allowed"));
    }
    Ok(())
}

impl WriteError {
    pub(super) fn in_operation(self, operation: usize) -> Self {
        Self::InOperation { operation, error: Box::new(self) }
    }
}

impl Namespace {
    /// Checks an operation against its collection and analyses its texts. Calls of the store are noted in `scope`.
    pub(super) async fn prepare(&self, operation: Operation, scope: &Arc<IoScope>) -> Result<Step, WriteError> {
        let Operation { collection, action, condition } = operation;
        let (table, schema) = self.target_counted(&collection, scope).await?;
        if let Some(Condition::Passes(filter)) = &condition {
            check_filter("condition", filter, &schema)?;
        }
        if condition.is_some() && matches!(action, Action::PatchWhere { .. } | Action::DeleteWhere { .. }) {
            let why = "goes with records that are named; put it into the filter".to_owned();
            return Err(WriteError::BadRequest { field: "condition", why });
        }
        let action = match action {
            Action::Upsert(records) => {
                check_records(&schema, &records)?;
                StepAction::Upsert(analyze(records, Arc::clone(&schema)).await?)
            }
            Action::Patch { patches, missing } => {
                once_each(&patches)?;
                let patches = row_patches(patches, Arc::clone(&schema)).await?;
                StepAction::Patch(patches, missing)
            }
            Action::Delete(ids) => StepAction::Delete(checked_ids(ids)?),
            Action::Check(ids) => StepAction::Check(checked_ids(ids)?),
            Action::PatchWhere { filter, patch, limit } => {
                let patch = row_patch(patch, Arc::clone(&schema)).await?;
                StepAction::PatchWhere(selection(filter, limit, &schema)?, patch)
            }
            Action::DeleteWhere { filter, limit } => StepAction::DeleteWhere(selection(filter, limit, &schema)?),
        };
        Ok(Step { collection, table, action, condition, known: HashMap::new(), room: None })
    }

    /// The collection's table, with its folded rows in memory.
    pub(super) async fn target(&self, name: &str) -> Result<(TableId, Arc<Schema>), WriteError> {
        self.target_counted(name, &Arc::default()).await
    }

    async fn target_counted(&self, name: &str, scope: &Arc<IoScope>) -> Result<(TableId, Arc<Schema>), WriteError> {
        if let Some(collection) = self.shared.state.read().collections.get(name) {
            refuse_set_aside(collection)?;
        }
        self.shared.ensure_image_counted(name, scope).await.map_err(not_read)?;
        let state = self.shared.state.read();
        // What is refused from here on is held against this schema.
        self.refuse_without_lease()?;
        let collection = state.collections.get(name).ok_or(WriteError::NoSuchCollection)?;
        collection.used(self.shared.monotonic());
        Ok((collection.table, Arc::clone(&collection.schema)))
    }

    /// Reads what the steps must know of folded rows, with the calls of the store noted in `scope`. Says about how many
    /// bytes the request takes in the entry.
    pub(super) async fn read_for(&self, steps: &mut [Step], scope: &Arc<IoScope>) -> Result<usize, WriteError> {
        let (mut given, mut read) = (0, 0);
        for (index, step) in steps.iter_mut().enumerate() {
            read += self.read_step(step, read, scope).await.map_err(|error| error.in_operation(index))?;
            given += step.bytes();
        }
        Ok(given + read)
    }

    /// Says how many bytes the rows that it looks at hold. Together with `others`, those of the other steps, they are no
    /// more than an entry.
    async fn read_step(&self, step: &mut Step, others: usize, scope: &Arc<IoScope>) -> Result<usize, WriteError> {
        if step.selection().is_some() {
            self.select(step, scope).await?;
        }
        if !step.needs_rows() {
            return Ok(0);
        }
        let limit = self.shared.config.max_entry_bytes;
        self.shared.ensure_image_counted(&step.collection, scope).await.map_err(not_read)?;
        let (view, bytes, wanted) = self.places(step)?;
        if others + bytes > limit {
            return Err(WriteError::TooLarge { bytes: others + bytes, limit });
        }
        if wanted.is_empty() {
            return Ok(bytes);
        }
        step.known.clear();
        step.room = None;
        let folded = view.bytes_of(wanted.iter().map(|(_, at, _)| at));
        let room = self.reading.reserve(folded);
        let room = room.ok_or(WriteError::Backpressure("too many rows are read to be changed"))?;
        step.room = Some(room);
        let places: Vec<At> = wanted.iter().map(|(_, at, _)| at.clone()).collect();
        if places.iter().any(|at| matches!(at, At::Remote(_))) {
            scope.reads_tables();
        }
        let view = view.through(&self.shared.store.counted(scope));
        let rows = search::whole_rows(&view, &places, limit).await.map_err(|error| not_searched(&error))?;
        let known = wanted.into_iter().zip(rows).map(|((id, _, commit), row)| (id, (commit, row)));
        step.known = known.collect();
        Ok(bytes)
    }

    /// Where the folded rows of a step are, with the commits that wrote them; and the bytes of all its rows.
    fn places(&self, step: &Step) -> Result<(View, usize, Vec<Wanted>), WriteError> {
        let state = self.shared.state.read();
        let collection = state.collection(step.table).ok_or(WriteError::NoSuchCollection)?;
        let view =
            collection.view().ok_or_else(|| not_read(ReadError::Unavailable("it is being loaded".to_owned())))?;
        let (mut bytes, mut wanted) = (0, Vec::new());
        for id in step.ids() {
            let Some((at, commit)) = collection.newest(id) else { continue };
            bytes += view.bytes_of([&at]);
            if !matches!(at, At::Mem(_)) {
                wanted.push((id.into(), at, commit));
            }
        }
        Ok((view, bytes, wanted))
    }

    /// Finds the records that a step changes by filter, as they are now.
    async fn select(&self, step: &mut Step, scope: &Arc<IoScope>) -> Result<(), WriteError> {
        self.shared.ensure_image_counted(&step.collection, scope).await.map_err(not_read)?;
        let (view, seen) = {
            let state = self.shared.state.read();
            refuse_unless_serving(&state).map_err(not_read)?;
            let collection = state.collection(step.table).ok_or(WriteError::NoSuchCollection)?;
            let view = collection.view();
            let view = view.ok_or_else(|| not_read(ReadError::Unavailable("it is being loaded".to_owned())))?;
            (view, state.commit)
        };
        if view.remote.is_some() {
            scope.reads_tables();
        }
        let view = view.through(&self.shared.store.counted(scope));
        let Some(selection) = step.selection() else { return Ok(()) };
        let (filter, room) = (selection.filter.clone(), Room::new(usize::MAX));
        let page = search::scan(Arc::new(view), Some(filter), None, selection.limit, Include::ID, room).await;
        let page = page.map_err(|error| not_searched(&error))?;
        selection.seen = seen;
        selection.ids = page.records.into_iter().map(|record| record.id.into()).collect();
        selection.more = page.more;
        Ok(())
    }
}

fn not_read(error: ReadError) -> WriteError {
    match error {
        ReadError::Fenced => WriteError::Fenced,
        ReadError::Closed => WriteError::Closed,
        ReadError::NoSuchCollection => WriteError::NoSuchCollection,
        ReadError::NoLease => WriteError::NoLease,
        other => WriteError::Unavailable(format!("nothing was written: {other}")),
    }
}

fn not_searched(error: &SearchError) -> WriteError {
    WriteError::Unavailable(format!("nothing was written: {error}"))
}

fn check_records(schema: &Schema, records: &[Record]) -> Result<(), SchemaMismatch> {
    let mut seen = HashSet::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        check_record(schema, index, record)?;
        once(&mut seen, index, &record.id)?;
    }
    Ok(())
}

fn once_each(patches: &[(String, Patch)]) -> Result<(), SchemaMismatch> {
    let mut seen = HashSet::with_capacity(patches.len());
    for (index, (id, _)) in patches.iter().enumerate() {
        check_id(id).map_err(|(field, why)| SchemaMismatch { record: index, field, why })?;
        once(&mut seen, index, id)?;
    }
    Ok(())
}

fn once<'a>(seen: &mut HashSet<&'a str>, record: usize, id: &'a str) -> Result<(), SchemaMismatch> {
    if seen.insert(id) {
        return Ok(());
    }
    Err(SchemaMismatch { record, field: "id".to_owned(), why: "is there twice".to_owned() })
}

/// `record` is the place of the patch in the request.
fn checked_patch(patch: Patch, schema: &Schema, record: usize) -> Result<RowPatch, SchemaMismatch> {
    let patch = RowPatch::new(patch, schema, record)?;
    if patch.is_empty() {
        return Err(SchemaMismatch { record, field: "patch".to_owned(), why: "changes nothing".to_owned() });
    }
    Ok(patch)
}

fn checked_ids(ids: Vec<String>) -> Result<Vec<Box<str>>, WriteError> {
    for id in &ids {
        check_id(id).map_err(|(_, why)| WriteError::BadRequest { field: "ids", why })?;
    }
    Ok(ids.into_iter().map(Into::into).collect())
}

fn selection(filter: Filter, limit: usize, schema: &Schema) -> Result<Selection, WriteError> {
    check_filter("filter", &filter, schema)?;
    Ok(Selection { filter, limit, seen: 0, ids: Vec::new(), more: false })
}

/// A filter knows attributes by their places in the schema that it was checked against.
fn check_filter(field: &'static str, filter: &Filter, schema: &Schema) -> Result<(), WriteError> {
    if filter.fits(schema) {
        return Ok(());
    }
    let why = "the collection was replaced by one with other attributes meanwhile".to_owned();
    Err(WriteError::BadRequest { field, why })
}

async fn analyze(records: Vec<Record>, schema: Arc<Schema>) -> Result<Vec<Arc<MemRow>>, WriteError> {
    let bytes: usize = records.iter().map(|r| r.text.as_ref().map_or(0, String::len)).sum();
    let work = move || {
        let rows = records.into_iter().map(|record| Row::from_record(record, &schema));
        rows.map(|row| Arc::new(MemRow::new(row, &schema))).collect::<Vec<_>>()
    };
    analyze_texts(bytes, work).await
}

async fn row_patches(
    patches: Vec<(String, Patch)>,
    schema: Arc<Schema>,
) -> Result<Vec<(Box<str>, RowPatch)>, WriteError> {
    let bytes: usize = patches.iter().map(|(_, patch)| text_bytes(patch)).sum();
    let work = move || {
        let checked = patches.into_iter().enumerate().map(|(index, (id, patch))| {
            let patch = checked_patch(patch, &schema, index)?;
            Ok((id.into_boxed_str(), patch))
        });
        checked.collect::<Result<Vec<_>, SchemaMismatch>>()
    };
    Ok(analyze_texts(bytes, work).await??)
}

async fn row_patch(patch: Patch, schema: Arc<Schema>) -> Result<RowPatch, WriteError> {
    let bytes = text_bytes(&patch);
    Ok(analyze_texts(bytes, move || checked_patch(patch, &schema, 0)).await??)
}

fn text_bytes(patch: &Patch) -> usize {
    if let Edit::Set(text) = &patch.text { text.len() } else { 0 }
}

/// Does work whose time goes with the `bytes` of texts: where it takes long, off the async threads.
async fn analyze_texts<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WriteError> {
    if bytes <= INLINE_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|e| WriteError::Unavailable(format!("nothing was written: {e}")))
}
