//! Rows as Arrow columns.
//!
//! `id`, `text`, `metadata` (JSON text) and one column a vector and an attribute carry the record; columns whose
//! names begin with `_` are the engine's: the commit of the row, its logical bytes, the terms of its text.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, FixedSizeListBuilder, Float32Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema as ArrowSchema, TimeUnit};

use crate::memtable::Slot;
use crate::schema::{AttributeType, Schema, Value};

pub(crate) const ID: &str = "id";
pub(crate) const TEXT: &str = "text";
pub(crate) const METADATA: &str = "metadata";
/// The commit that wrote the row.
pub(crate) const ROW_COMMIT: &str = "_commit";
/// Logical bytes of the row.
pub(crate) const ROW_BYTES: &str = "_bytes";
/// Terms of the row's text, null without one.
pub(crate) const ROW_TOKENS: &str = "_tokens";

/// The Arrow schema of a collection.
pub(crate) fn arrow_schema(schema: &Schema) -> ArrowSchema {
    let mut fields = vec![Field::new(ID, DataType::Utf8, false)];
    for (name, vector) in &schema.vectors {
        fields.push(Field::new(name, vector_type(vector.dimension), true));
    }
    if schema.text.is_some() {
        fields.push(Field::new(TEXT, DataType::Utf8, true));
    }
    for (name, kind) in &schema.attributes {
        fields.push(Field::new(name, attribute_type(*kind), true));
    }
    fields.push(Field::new(METADATA, DataType::Utf8, true));
    fields.push(Field::new(ROW_COMMIT, DataType::UInt64, false));
    fields.push(Field::new(ROW_BYTES, DataType::UInt32, false));
    fields.push(Field::new(ROW_TOKENS, DataType::UInt32, true));
    ArrowSchema::new(fields)
}

fn vector_type(dimension: u32) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), dimension.cast_signed())
}

fn attribute_type(kind: AttributeType) -> DataType {
    match kind {
        AttributeType::String => DataType::Utf8,
        AttributeType::Int => DataType::Int64,
        AttributeType::Float => DataType::Float64,
        AttributeType::Bool => DataType::Boolean,
        AttributeType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        AttributeType::StringList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
    }
}

/// Rows as one batch, in their order.
pub(crate) fn batch_of(schema: &Schema, slots: &[Slot]) -> Result<RecordBatch, ArrowError> {
    let rows = || slots.iter().map(|slot| &slot.row.row);
    let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from_iter_values(rows().map(|r| &*r.id)))];
    for (column, spec) in schema.vectors.values().enumerate() {
        columns.push(vectors(slots, column, spec.dimension.cast_signed()));
    }
    if schema.text.is_some() {
        columns.push(Arc::new(rows().map(|r| r.text.as_deref()).collect::<StringArray>()));
    }
    for (column, kind) in schema.attributes.values().enumerate() {
        columns.push(attribute(slots, column, *kind));
    }
    columns.push(Arc::new(rows().map(|r| r.metadata.as_deref()).collect::<StringArray>()));
    columns.push(Arc::new(slots.iter().map(|s| Some(s.commit)).collect::<UInt64Array>()));
    columns.push(Arc::new(slots.iter().map(|s| Some(s.row.bytes)).collect::<UInt32Array>()));
    columns.push(Arc::new(slots.iter().map(|s| s.row.terms.as_ref().map(|t| t.length)).collect::<UInt32Array>()));
    RecordBatch::try_new(Arc::new(arrow_schema(schema)), columns)
}

fn vectors(slots: &[Slot], column: usize, dimension: i32) -> ArrayRef {
    let width = dimension.unsigned_abs() as usize;
    let values = Float32Builder::with_capacity(slots.len() * width);
    let mut builder = FixedSizeListBuilder::with_capacity(values, dimension, slots.len());
    for slot in slots {
        let vector = slot.row.row.vector(column);
        match vector {
            Some(vector) => builder.values().append_slice(vector),
            None => builder.values().append_nulls(width),
        }
        builder.append(vector.is_some());
    }
    Arc::new(builder.finish())
}

fn attribute(slots: &[Slot], column: usize, kind: AttributeType) -> ArrayRef {
    let values = slots.iter().map(|s| s.row.row.attributes.get(column).and_then(Option::as_ref));
    match kind {
        AttributeType::String => {
            let mut b = StringBuilder::new();
            values.for_each(|v| b.append_option(if let Some(Value::String(s)) = v { Some(s) } else { None }));
            Arc::new(b.finish())
        }
        AttributeType::Int => {
            let mut b = Int64Builder::new();
            values.for_each(|v| b.append_option(if let Some(Value::Int(i)) = v { Some(*i) } else { None }));
            Arc::new(b.finish())
        }
        AttributeType::Float => {
            let mut b = Float64Builder::new();
            values.for_each(|v| b.append_option(if let Some(Value::Float(f)) = v { Some(*f) } else { None }));
            Arc::new(b.finish())
        }
        AttributeType::Bool => {
            let mut b = BooleanBuilder::new();
            values.for_each(|v| b.append_option(if let Some(Value::Bool(x)) = v { Some(*x) } else { None }));
            Arc::new(b.finish())
        }
        AttributeType::Timestamp => {
            let mut b = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            values.for_each(|v| b.append_option(if let Some(Value::Timestamp(t)) = v { Some(*t) } else { None }));
            Arc::new(b.finish())
        }
        AttributeType::StringList => {
            let mut b = ListBuilder::new(StringBuilder::new());
            for value in values {
                if let Some(Value::StringList(items)) = value {
                    items.iter().for_each(|item| b.values().append_value(item));
                    b.append(true);
                } else {
                    b.append(false);
                }
            }
            Arc::new(b.finish())
        }
    }
}
