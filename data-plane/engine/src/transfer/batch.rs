//! Records as Arrow columns, for Parquet and the Arrow stream.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use crate::memtable::{MemRow, Row, Slot};
use crate::schema::{AttributeType, Record, Schema, Value};
use crate::table::{ID, METADATA, ROW_COMMIT, TEXT, arrow_schema, batch_of};

/// Bytes of a batch's strings that are views, of which many may show the same bytes.
const MAX_VIEWED: usize = 64 << 20;

/// The columns of a file: those of the table but for the engine's own, which come last.
pub(super) fn columns(schema: &Schema) -> Result<SchemaRef, ArrowError> {
    let arrow = arrow_schema(schema);
    Ok(Arc::new(arrow.project(&(0..arrow.index_of(ROW_COMMIT)?).collect::<Vec<_>>())?))
}

/// Records as one batch, in their order.
pub(super) fn of_records(schema: &Schema, records: Vec<Record>) -> Result<RecordBatch, ArrowError> {
    let rows = records.into_iter().map(|record| Row::from_record(record, schema));
    let slot = |row| Slot { row: Arc::new(MemRow { row, terms: None, bytes: 0 }), commit: 0 };
    let batch = batch_of(schema, &rows.map(slot).collect::<Vec<_>>())?;
    batch.project(&(0..columns(schema)?.fields().len()).collect::<Vec<_>>())
}

/// Whether a column is one of the engine itself, which a table read as it is has.
pub(super) fn is_own(name: &str) -> bool {
    name.starts_with('_')
}

/// Refuses columns that the collection does not have or has of another type, and gives those that it has.
pub(super) fn check(schema: &Schema, file: &SchemaRef) -> Result<SchemaRef, String> {
    let types = columns(schema).map_err(|error| error.to_string())?;
    let mut seen = HashSet::new();
    for field in file.fields().iter().filter(|field| !is_own(field.name())) {
        let (name, from) = (field.name(), field.data_type());
        let wanted = types.field_with_name(name).map_err(|_| format!("the collection has no column {name}"))?;
        if !fits(from, wanted.data_type()) {
            return Err(format!("column {name} is {from}, not {}", wanted.data_type()));
        }
        if !seen.insert(name) {
            return Err(format!("column {name} is there twice"));
        }
    }
    Ok(types)
}

/// The columns of a batch by what they are in the collection.
pub(super) struct Columns {
    ids: ArrayRef,
    vectors: Vec<(String, ArrayRef)>,
    text: Option<ArrayRef>,
    attributes: Vec<(String, AttributeType, ArrayRef)>,
    metadata: Option<ArrayRef>,
}

impl Columns {
    /// Finds the columns by name and brings each to its type where nothing is lost by that. Columns that the collection
    /// does not have are refused, but for those of the engine itself.
    pub(super) fn new(schema: &Schema, batch: &RecordBatch) -> Result<Self, String> {
        let mut ids = None;
        let (mut vectors, mut attributes) = (Vec::new(), Vec::new());
        let (mut text, mut metadata) = (None, None);
        let types = check(schema, batch.schema_ref())?;
        let mut viewed = 0;
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if is_own(name) {
                continue;
            }
            viewed += viewed_bytes(column);
            if viewed > MAX_VIEWED {
                return Err(format!("a batch has more than {MAX_VIEWED} bytes of strings; make the batches smaller"));
            }
            let wanted = types.field_with_name(name).map_err(|error| error.to_string())?;
            let column = convert(name, column, wanted.data_type())?;
            if name == ID {
                ids = Some(column);
            } else if name == TEXT {
                text = Some(column);
            } else if name == METADATA {
                metadata = Some(column);
            } else if let Some(kind) = schema.attributes.get(name) {
                attributes.push((name.clone(), *kind, column));
            } else {
                vectors.push((name.clone(), column));
            }
        }
        let ids = ids.ok_or("there is no column id")?;
        Ok(Self { ids, vectors, text, attributes, metadata })
    }

    pub(super) fn record(&self, row: usize) -> Result<Record, String> {
        if self.ids.is_null(row) {
            return Err("the id is null".to_owned());
        }
        let string = |column: &ArrayRef| column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned());
        let mut vectors = BTreeMap::new();
        for (name, column) in self.vectors.iter().filter(|(_, column)| column.is_valid(row)) {
            let numbers = column.as_fixed_size_list().value(row);
            let numbers = numbers.as_primitive::<Float32Type>();
            if numbers.null_count() > 0 {
                return Err(format!("{name}: has a null number"));
            }
            vectors.insert(name.clone(), numbers.values().to_vec());
        }
        let metadata = self.metadata.as_ref().and_then(string).map(|text| serde_json::from_str(&text)).transpose();
        let mut attributes = BTreeMap::new();
        for (name, kind, column) in self.attributes.iter().filter(|(_, _, column)| column.is_valid(row)) {
            let value = value(*kind, column, row).map_err(|why| format!("{name}: {why}"))?;
            attributes.insert(name.clone(), value);
        }
        Ok(Record {
            id: self.ids.as_string::<i32>().value(row).to_owned(),
            vectors,
            text: self.text.as_ref().and_then(string),
            attributes,
            metadata: metadata.map_err(|error| format!("metadata: {error}"))?,
        })
    }
}

/// Other widths of numbers and strings are taken; nothing that would change a value is.
fn fits(from: &DataType, wanted: &DataType) -> bool {
    match (from, wanted) {
        (from, wanted) if from == wanted => true,
        (DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => true,
        (from, DataType::Int64) => from.is_integer() && *from != DataType::UInt64,
        (from, DataType::Float64) => matches!(from, DataType::Float32 | DataType::Float16),
        (DataType::Timestamp(..), DataType::Timestamp(..)) => true,
        (DataType::List(item) | DataType::LargeList(item), DataType::List(_)) => item.data_type().is_string(),
        (
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
            DataType::FixedSizeList(..),
        ) => item.data_type().is_numeric(),
        _ => false,
    }
}

/// Brings a column that fits to its type.
fn convert(name: &str, column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, String> {
    if column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    if let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>()
        && times.iter().flatten().any(|time| time % 1_000 != 0)
    {
        return Err(format!("column {name}: a time is finer than a microsecond"));
    }
    let safe = arrow_cast::CastOptions { safe: false, ..Default::default() };
    arrow_cast::cast_with_options(column, wanted, &safe).map_err(|error| format!("column {name}: {error}"))
}

/// Bytes that the views of a column have when each has its own.
fn viewed_bytes(column: &ArrayRef) -> usize {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().lengths().map(|length| length as usize).sum(),
        DataType::List(_) => viewed_bytes(column.as_list::<i32>().values()),
        DataType::LargeList(_) => viewed_bytes(column.as_list::<i64>().values()),
        _ => 0,
    }
}

fn value(kind: AttributeType, column: &ArrayRef, row: usize) -> Result<Value, String> {
    Ok(match kind {
        AttributeType::String => Value::String(column.as_string::<i32>().value(row).to_owned()),
        AttributeType::Int => Value::Int(column.as_primitive::<Int64Type>().value(row)),
        AttributeType::Float => Value::Float(column.as_primitive::<Float64Type>().value(row)),
        AttributeType::Bool => Value::Bool(column.as_boolean().value(row)),
        AttributeType::Timestamp => Value::Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row)),
        AttributeType::StringList => {
            let items = column.as_list::<i32>().value(row);
            if items.null_count() > 0 {
                return Err("has a null string".to_owned());
            }
            Value::StringList(items.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
        }
    })
}
