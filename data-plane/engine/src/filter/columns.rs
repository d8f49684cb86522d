//! Terms over the columns of a block of rows.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, ListArray, PrimitiveArray, StringArray};

use super::ast::{Comparison, Expr};
use super::block::{BLOCK_ROWS, Block};
use super::typing::{float_order, text_order};
use crate::schema::{AttributeType, Value};

/// Where a block is in its columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) first: usize,
    pub(super) rows: usize,
}

impl Place {
    pub(super) fn new(first: u32, rows: u32) -> Self {
        Self { first: first as usize, rows: rows.saturating_sub(first).min(BLOCK_ROWS) as usize }
    }

    /// Those of `open` in which the column is not null.
    pub(super) fn valid(self, open: &Block, column: &dyn Array) -> Block {
        let Some(nulls) = column.nulls() else { return *open };
        let part = nulls.inner().slice(self.first, self.rows);
        open.and(&Block::of(part.bit_chunks().iter_padded()))
    }
}

/// Those of the `open` rows for which the term of an attribute is `want`.
pub(super) fn attribute(
    term: &Expr,
    want: bool,
    (kind, column): (AttributeType, &ArrayRef),
    place: Place,
    open: &Block,
) -> Block {
    let valid = place.valid(open, column.as_ref());
    if matches!(term, Expr::IsNull(_)) {
        return if want { open.and_not(&valid) } else { valid };
    }
    let found = match kind {
        AttributeType::String => column.as_string_opt().map(|c| texts(term, want, c, place, &valid)),
        AttributeType::Int => column.as_primitive_opt::<Int64Type>().map(|c| integers(term, want, c, place, &valid)),
        AttributeType::Timestamp => {
            column.as_primitive_opt::<TimestampMicrosecondType>().map(|c| integers(term, want, c, place, &valid))
        }
        AttributeType::Float => column.as_primitive_opt::<Float64Type>().map(|c| floats(term, want, c, place, &valid)),
        AttributeType::Bool => column.as_boolean_opt().map(|c| bools(term, want, c, place, &valid)),
        AttributeType::StringList => column.as_list_opt().map(|c| lists(term, want, c, place, &valid)),
    };
    found.unwrap_or(Block::NONE)
}

/// As [`attribute`], of texts; none of the rows of `valid` is null.
pub(super) fn texts(term: &Expr, want: bool, column: &StringArray, place: Place, valid: &Block) -> Block {
    let test = |test: &dyn Fn(&str) -> bool| valid.keep(|row| test(column.value(place.first + row)) == want);
    match term {
        Expr::Compare(_, Comparison::Eq, Value::String(b)) => test(&|a| a == b),
        Expr::Compare(_, comparison, Value::String(b)) => test(&|a| comparison.holds(Some(a.cmp(b.as_str())))),
        Expr::Between(_, Value::String(low), Value::String(high)) => test(&|a| a >= low.as_str() && a <= high.as_str()),
        Expr::In(_, values) => test(&|a| {
            let order = |value: &Value| matches!(value, Value::String(b) if text_order(b, a).is_lt());
            let at = values.partition_point(order);
            matches!(values.get(at), Some(Value::String(b)) if a == b)
        }),
        Expr::Like(_, pattern) => test(&|a| pattern.matches(a)),
        _ => Block::NONE,
    }
}

fn integers<T: ArrowPrimitiveType<Native = i64>>(
    term: &Expr,
    want: bool,
    column: &PrimitiveArray<T>,
    place: Place,
    valid: &Block,
) -> Block {
    let values = &column.values()[place.first..place.first + place.rows];
    let number = |value: &Value| match value {
        Value::Int(b) | Value::Timestamp(b) => Some(*b),
        _ => None,
    };
    match term {
        Expr::Compare(_, comparison, value) => {
            let Some(b) = number(value) else { return Block::NONE };
            match comparison {
                Comparison::Eq => valid.keep_values(values, |a| (a == b) == want),
                Comparison::Ne => valid.keep_values(values, |a| (a != b) == want),
                Comparison::Lt => valid.keep_values(values, |a| (a < b) == want),
                Comparison::Le => valid.keep_values(values, |a| (a <= b) == want),
                Comparison::Gt => valid.keep_values(values, |a| (a > b) == want),
                Comparison::Ge => valid.keep_values(values, |a| (a >= b) == want),
            }
        }
        Expr::Between(_, low, high) => {
            let (Some(low), Some(high)) = (number(low), number(high)) else { return Block::NONE };
            valid.keep_values(values, |a| (a >= low && a <= high) == want)
        }
        Expr::In(_, list) => valid.keep(|row| {
            let a = values[row];
            list.binary_search_by(|b| number(b).map_or(std::cmp::Ordering::Less, |b| b.cmp(&a))).is_ok() == want
        }),
        _ => Block::NONE,
    }
}

fn floats(term: &Expr, want: bool, column: &PrimitiveArray<Float64Type>, place: Place, valid: &Block) -> Block {
    let values = &column.values()[place.first..place.first + place.rows];
    let number = |value: &Value| if let Value::Float(b) = value { Some(*b) } else { None };
    match term {
        Expr::Compare(_, comparison, value) => {
            let Some(b) = number(value) else { return Block::NONE };
            valid.keep_values(values, |a| comparison.holds(a.partial_cmp(&b)) == want)
        }
        Expr::Between(_, low, high) => {
            let (Some(low), Some(high)) = (number(low), number(high)) else { return Block::NONE };
            valid.keep_values(values, |a| (a >= low && a <= high) == want)
        }
        Expr::In(_, list) => valid.keep(|row| {
            let a = values[row];
            list.binary_search_by(|b| number(b).map_or(std::cmp::Ordering::Less, |b| float_order(b, a))).is_ok() == want
        }),
        _ => Block::NONE,
    }
}

fn bools(term: &Expr, want: bool, column: &BooleanArray, place: Place, valid: &Block) -> Block {
    let test = |value: bool| match term {
        Expr::Compare(_, comparison, Value::Bool(b)) => comparison.holds(Some(value.cmp(b))) == want,
        Expr::Between(_, Value::Bool(low), Value::Bool(high)) => (value >= *low && value <= *high) == want,
        Expr::In(_, values) => values.contains(&Value::Bool(value)) == want,
        _ => false,
    };
    let truth = Block::of(column.values().slice(place.first, place.rows).bit_chunks().iter_padded());
    let of_true = if test(true) { valid.and(&truth) } else { Block::NONE };
    let of_false = if test(false) { valid.and_not(&truth) } else { Block::NONE };
    of_true.or(&of_false)
}

fn lists(term: &Expr, want: bool, column: &ListArray, place: Place, valid: &Block) -> Block {
    let (Expr::Has(_, wanted), Some(items)) = (term, column.values().as_string_opt::<i32>()) else {
        return Block::NONE;
    };
    let offsets = column.value_offsets();
    valid.keep(|row| {
        let at = place.first + row;
        let (from, to) = (offsets[at] as usize, offsets[at + 1] as usize);
        (from..to).any(|item| items.is_valid(item) && items.value(item) == wanted) == want
    })
}
