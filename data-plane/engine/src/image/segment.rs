//! One immutable run of rows.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use parking_lot::Mutex;

use crate::filter::{Columns, Filter, ValueRef};
use crate::memtable::{Bits, Row};
use crate::namespace::Commit;
use crate::schema::{AttributeType, Record, Schema, Value};
use crate::search::{Include, Inverted, Postings, analyze, norm};
use crate::store::Reservation;
use crate::table::{ID, METADATA, ROW_BYTES, ROW_COMMIT, ROW_TOKENS, TEXT, TableError};

/// Rows and bytes of one segment; Arrow's 32-bit offsets bound the bytes.
pub(super) const SEGMENT_ROWS: usize = 131_072;
pub(super) const SEGMENT_BYTES: usize = 512 << 20;
/// Memory of a row beside its columns: its place in the order of ids, the norms of its vectors, its bits in the
/// filters that are remembered.
const ROW_OVERHEAD: usize = 9;
/// Filters that are remembered, and the bytes of the values that each of them may compare with.
const FILTERS: usize = 8;
const FILTER_BYTES: u64 = 64 << 10;
/// Memory of a term of a text in the postings.
const POSTING: usize = size_of::<(u32, u32)>();

/// Memory that a segment of these rows takes, with the postings that text queries build of their texts.
pub(super) fn memory_of(batch: &RecordBatch) -> usize {
    batch.get_array_memory_size() + batch.num_rows() * ROW_OVERHEAD + postings_of(batch)
}

/// About the memory of the postings of texts in which most words occur more than once.
fn postings_of(batch: &RecordBatch) -> usize {
    if batch.column_by_name(TEXT).is_none() {
        return 0;
    }
    let tokens = batch.column_by_name(ROW_TOKENS).and_then(|c| c.as_primitive_opt::<UInt32Type>());
    tokens.map_or(0, |t| t.iter().flatten().map(|n| n as usize).sum::<usize>() * POSTING)
}

/// The memory that rows take beside their columns, known before they are read.
pub(super) fn beside(rows: u64, tokens: u64) -> u64 {
    rows.saturating_mul(ROW_OVERHEAD as u64).saturating_add(tokens.saturating_mul(POSTING as u64))
}

/// Rows as Arrow columns with what search needs beside them. Columns that were not loaded are `None`, and
/// read as null.
#[derive(Debug)]
pub(crate) struct Segment {
    batch: RecordBatch,
    ids: StringArray,
    /// Rows by id.
    order: Vec<u32>,
    commits: Option<UInt64Array>,
    bytes: Option<UInt32Array>,
    tokens: Option<UInt32Array>,
    /// By vector column.
    vectors: Vec<Option<Vectors>>,
    text: Option<StringArray>,
    metadata: Option<StringArray>,
    attributes: Vec<Option<(AttributeType, ArrayRef)>>,
    inverted: OnceLock<Built>,
    /// Which rows, dead or not, pass dear filters; the last used last.
    passing: Mutex<VecDeque<(Filter, Arc<Bits>)>>,
    /// Given back when the segment goes.
    memory: Option<Reservation>,
}

/// Postings, and what they take beyond what the segment has reserved.
#[derive(Debug)]
struct Built(Arc<Inverted>, Option<Reservation>);

#[derive(Debug)]
struct Vectors {
    values: Float32Array,
    dimension: usize,
    norms: Vec<f32>,
}

impl Segment {
    /// Takes the columns that `batch` has. The id must be among them.
    pub(crate) fn new(schema: &Schema, batch: RecordBatch, memory: Option<Reservation>) -> Result<Self, TableError> {
        let ids = batch.column_by_name(ID).and_then(|c| c.as_string_opt::<i32>()).cloned();
        let ids = ids.ok_or_else(|| TableError::Damaged("no id column".to_owned()))?;
        let rows = u32::try_from(ids.len()).map_err(|_| TableError::Damaged("a segment is too long".to_owned()))?;
        let mut order: Vec<u32> = (0..rows).collect();
        order.sort_unstable_by(|a, b| ids.value(*a as usize).cmp(ids.value(*b as usize)));
        let strings = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).cloned();
        let numbers = |name: &str| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt32Type>()).cloned();
        let attributes = schema.attributes.iter();
        Ok(Self {
            order,
            commits: batch.column_by_name(ROW_COMMIT).and_then(|c| c.as_primitive_opt::<UInt64Type>()).cloned(),
            bytes: numbers(ROW_BYTES),
            tokens: numbers(ROW_TOKENS),
            vectors: schema.vectors.keys().map(|name| vectors(&batch, name)).collect(),
            text: strings(TEXT),
            metadata: strings(METADATA),
            attributes: attributes.map(|(name, kind)| batch.column_by_name(name).map(|c| (*kind, c.clone()))).collect(),
            ids,
            batch,
            inverted: OnceLock::new(),
            passing: Mutex::default(),
            memory,
        })
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of memory that it has reserved.
    pub(crate) fn memory(&self) -> usize {
        let more = self.inverted.get().and_then(|built| built.1.as_ref());
        self.memory.iter().chain(more).map(Reservation::bytes).sum()
    }

    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    pub(crate) fn id(&self, row: u32) -> &str {
        self.ids.value(row as usize)
    }

    /// The row of `id`, dead or not.
    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        self.order.binary_search_by(|row| self.id(*row).cmp(id)).ok().map(|at| self.order[at])
    }

    /// Rows with an id after `after`, in the order of ids.
    pub(crate) fn after(&self, after: Option<&str>) -> &[u32] {
        let from = after.map_or(0, |after| self.order.partition_point(|row| self.id(*row) <= after));
        &self.order[from..]
    }

    /// The commit that wrote a row.
    pub(crate) fn commit(&self, row: u32) -> Commit {
        self.commits.as_ref().map_or(0, |c| c.value(row as usize))
    }

    /// Logical bytes of a row.
    pub(crate) fn bytes(&self, row: u32) -> u32 {
        self.bytes.as_ref().map_or(0, |b| b.value(row as usize))
    }

    /// Logical bytes of the columns that an answer carries.
    pub(crate) fn bytes_of(&self, row: u32, include: Include) -> usize {
        let at = row as usize;
        let length =
            |column: &Option<StringArray>| column.as_ref().filter(|c| c.is_valid(at)).map_or(0, |c| c.value(at).len());
        let id = self.id(row).len();
        let columns = 0..self.vectors.len();
        let vector: usize = columns.filter_map(|column| self.vector(column, row)).map(|(v, _)| v.len() * 4).sum();
        let (text, metadata) = (length(&self.text), length(&self.metadata));
        let attributes = (self.bytes(row) as usize).saturating_sub(id + vector + text + metadata);
        let parts = [
            (include.vector, vector),
            (include.text, text),
            (include.metadata, metadata),
            (include.attributes, attributes),
        ];
        id + parts.iter().filter(|(included, _)| *included).map(|(_, bytes)| bytes).sum::<usize>()
    }

    /// Terms of a row's text, `None` without one.
    pub(crate) fn tokens(&self, row: u32) -> Option<u32> {
        self.tokens.as_ref().filter(|t| t.is_valid(row as usize)).map(|t| t.value(row as usize))
    }

    /// The text of a row.
    pub(crate) fn text(&self, row: u32) -> Option<&str> {
        self.text.as_ref().filter(|t| t.is_valid(row as usize)).map(|t| t.value(row as usize))
    }

    /// The vector of a column of a row, and its length.
    pub(crate) fn vector(&self, column: usize, row: u32) -> Option<(&[f32], f32)> {
        let vectors = self.vectors.get(column)?.as_ref()?;
        let from = row as usize * vectors.dimension;
        let norm = *vectors.norms.get(row as usize)?;
        vectors.values.values().get(from..from + vectors.dimension).map(|v| (v, norm)).filter(|_| !norm.is_nan())
    }

    /// The postings, built on first use.
    pub(crate) fn inverted(&self, schema: &Schema) -> &Arc<Inverted> {
        let build = || {
            let mut postings = Postings::default();
            for row in 0..self.ids.len() {
                let text = self.text.as_ref().filter(|t| t.is_valid(row)).map(|t| t.value(row));
                let terms = text.zip(schema.text).map(|(text, spec)| analyze(text, spec.language));
                postings.push(terms.as_ref());
            }
            self.with_memory(postings.finish())
        };
        &self.inverted.get_or_init(build).0
    }

    /// Reserves what the postings take beyond what was expected: they are needed, and others have less room then.
    fn with_memory(&self, inverted: Inverted) -> Built {
        let more = inverted.memory().saturating_sub(postings_of(&self.batch));
        let memory = self.memory.as_ref().filter(|_| more > 0).map(|memory| memory.anyway(more));
        Built(Arc::new(inverted), memory)
    }

    /// The postings, if they were built.
    pub(crate) fn built_inverted(&self) -> Option<&Arc<Inverted>> {
        self.inverted.get().map(|built| &built.0)
    }

    /// Gives the segment postings that were made elsewhere.
    pub(crate) fn set_inverted(&self, inverted: Inverted) {
        // Whoever was first made the same postings.
        let _ = self.inverted.set(self.with_memory(inverted));
    }

    pub(crate) fn record(&self, schema: &Schema, row: u32, include: Include) -> Record {
        let at = row as usize;
        let text =
            |column: &Option<StringArray>| column.as_ref().filter(|c| c.is_valid(at)).map(|c| c.value(at).to_owned());
        let attributes = || {
            let values = schema.attributes.keys().enumerate();
            values.filter_map(|(i, name)| self.value(i, row).map(|v| (name.clone(), v))).collect()
        };
        let vectors = || {
            let columns = schema.vectors.keys().enumerate();
            columns.filter_map(|(i, name)| self.vector(i, row).map(|(v, _)| (name.clone(), v.to_vec()))).collect()
        };
        Record {
            id: self.id(row).to_owned(),
            vectors: if include.vector { vectors() } else { Default::default() },
            text: if include.text { text(&self.text) } else { None },
            attributes: if include.attributes { attributes() } else { Default::default() },
            metadata: if include.metadata {
                text(&self.metadata).and_then(|m| serde_json::from_str(&m).ok())
            } else {
                None
            },
        }
    }

    /// A row in the form of the log; all columns must be there.
    pub(crate) fn row(&self, row: u32) -> Row {
        let at = row as usize;
        let text =
            |column: &Option<StringArray>| column.as_ref().filter(|c| c.is_valid(at)).map(|c| c.value(at).into());
        let vectors = (0..self.vectors.len()).map(|column| self.vector(column, row).map(|(v, _)| v.into()));
        Row {
            id: self.id(row).into(),
            vectors: vectors.collect(),
            text: text(&self.text),
            attributes: (0..self.attributes.len()).map(|column| self.value(column, row)).collect(),
            metadata: text(&self.metadata),
        }
    }

    /// The rows for a filter.
    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns { ids: &self.ids, attributes: &self.attributes, metadata: self.metadata.as_ref() }
    }

    /// Which rows pass a filter, dead or not; `None` when `stop` ended it. Rows do not change, so what was found of a
    /// dear filter is found again.
    pub(crate) fn passing(&self, filter: &Filter, stop: impl Fn() -> bool) -> Option<Arc<Bits>> {
        let mut known = self.passing.lock();
        if let Some(at) = known.iter().position(|(other, _)| other == filter) {
            let found = known.remove(at)?;
            let bits = Arc::clone(&found.1);
            known.push_back(found);
            return Some(bits);
        }
        drop(known);
        let bits = Arc::new(filter.select(&self.columns(), &Bits::all_but(self.len(), &Bits::default()), &stop));
        if stop() {
            return None;
        }
        if filter.literal_bytes() <= FILTER_BYTES {
            let mut known = self.passing.lock();
            if known.len() >= FILTERS {
                known.pop_front();
            }
            known.push_back((filter.clone(), Arc::clone(&bits)));
        }
        Some(bits)
    }

    fn value(&self, column: usize, row: u32) -> Option<Value> {
        if let Some(value) = self.scalar(column, row) {
            return Some(value.to_value());
        }
        let (_, array) = self.attributes.get(column)?.as_ref()?;
        let list = array.as_list_opt::<i32>().filter(|list| list.is_valid(row as usize))?.value(row as usize);
        Some(Value::StringList(list.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect()))
    }

    /// The value of an attribute of a row, in place; `None` when it is null or a list.
    pub(crate) fn scalar(&self, column: usize, row: u32) -> Option<ValueRef<'_>> {
        let ((kind, array), row) = (self.attributes.get(column)?.as_ref()?, row as usize);
        if array.is_null(row) {
            return None;
        }
        Some(match kind {
            AttributeType::String => ValueRef::Str(array.as_string_opt::<i32>()?.value(row)),
            AttributeType::Int => ValueRef::Int(array.as_primitive_opt::<Int64Type>()?.value(row)),
            AttributeType::Float => ValueRef::Float(array.as_primitive_opt::<Float64Type>()?.value(row)),
            AttributeType::Bool => ValueRef::Bool(array.as_boolean_opt()?.value(row)),
            AttributeType::Timestamp => {
                ValueRef::Timestamp(array.as_primitive_opt::<TimestampMicrosecondType>()?.value(row))
            }
            AttributeType::StringList => return None,
        })
    }
}

/// A null vector has a NaN norm.
fn vectors(batch: &RecordBatch, name: &str) -> Option<Vectors> {
    let list = batch.column_by_name(name)?.as_fixed_size_list_opt()?;
    let dimension = usize::try_from(list.value_length()).ok()?;
    let values = list.values().as_primitive_opt::<Float32Type>()?.clone();
    let rows = values.values().chunks_exact(dimension.max(1)).enumerate();
    let norms = rows.map(|(row, v)| if list.is_valid(row) { norm(v) } else { f32::NAN }).collect();
    Some(Vectors { values, dimension, norms })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::memtable::{MemRow, Slot};
    use crate::schema::{Language, TextSpec};
    use crate::store::MemoryBudget;
    use crate::table::batch_of;

    #[test]
    fn postings_are_reserved_where_there_are_texts_and_for_what_they_take() {
        let schema = Arc::new(Schema { text: Some(TextSpec { language: Language::English }), ..Schema::default() });
        let text = |row: usize| (0..200).map(|n| format!("w{} ", row * 200 + n)).collect::<String>();
        let slot = |row: usize| {
            let record = Record { id: format!("r{row}"), text: Some(text(row)), ..Record::default() };
            Slot { row: Arc::new(MemRow::new(Row::from_record(record, &schema), &schema)), commit: 1 }
        };
        let slots: Vec<Slot> = (0..50).map(slot).collect();
        let batch = batch_of(&schema, &slots).expect("a batch");
        let keys: Vec<usize> = [ID, ROW_COMMIT, ROW_BYTES, ROW_TOKENS]
            .iter()
            .filter_map(|name| batch.schema().index_of(name).ok())
            .collect();
        let keys = batch.project(&keys).expect("the keys");
        assert_eq!(memory_of(&keys), keys.get_array_memory_size() + 50 * ROW_OVERHEAD);
        assert_eq!(memory_of(&batch), batch.get_array_memory_size() + 50 * (ROW_OVERHEAD + 200 * POSTING));
        let budget = Arc::new(MemoryBudget::new(1 << 20));
        let segment = Segment::new(&schema, batch.clone(), budget.reserve(memory_of(&batch))).expect("a segment");
        let before = segment.memory();
        let takes = segment.inverted(&schema).memory();
        assert_eq!(segment.memory(), before - 50 * 200 * POSTING + takes, "each word is in one text");
        drop(segment);
        assert!(budget.has_room(1 << 20));
    }

    #[test]
    fn a_filter_is_remembered_unless_its_values_are_long() {
        let schema = Schema::default();
        let row = Row::from_record(Record { id: "a".to_owned(), ..Record::default() }, &schema);
        let slots = [Slot { row: Arc::new(MemRow::new(row, &schema)), commit: 1 }];
        let batch = batch_of(&schema, &slots).expect("a batch");
        let segment = Segment::new(&schema, batch, None).expect("a segment");
        for (values, is_remembered) in [(10, true), (100, false)] {
            let values: Vec<String> = (0..values).map(|i| format!("{i:01000}")).collect();
            let filter = Filter::parse("metadata.x IN ($1)", &[json!(values)], &schema).expect("a filter");
            let found = || segment.passing(&filter, || false).expect("it is not stopped");
            assert_eq!(Arc::ptr_eq(&found(), &found()), is_remembered);
        }
        assert_eq!(segment.passing.lock().len(), 1);
    }
}
