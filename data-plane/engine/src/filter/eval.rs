//! Evaluation of a checked filter on one row.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::ast::{Comparison, Expr, Field};
use super::metadata::at_path;
use crate::schema::Value;

/// A row, wherever it is.
pub(crate) trait RowView {
    /// The id.
    fn id(&self) -> &str;
    /// The attribute of a column, `None` when null.
    fn attribute(&self, column: usize) -> Option<ValueRef<'_>>;
    /// The metadata as JSON text.
    fn metadata(&self) -> Option<&str>;
}

/// An attribute's value in place.
pub(crate) enum ValueRef<'a> {
    Str(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    Timestamp(i64),
    List(StringList<'a>),
}

/// A list of strings in place.
pub(crate) enum StringList<'a> {
    Values(&'a [String]),
    Column(arrow_array::StringArray),
}

impl StringList<'_> {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::Values(items) => items.iter().any(|i| i == wanted),
            Self::Column(items) => items.iter().flatten().any(|i| i == wanted),
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<String> {
        match self {
            Self::Values(items) => items.to_vec(),
            Self::Column(items) => items.iter().flatten().map(str::to_owned).collect(),
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::String(s) => Self::Str(s),
            Value::Int(i) => Self::Int(*i),
            Value::Float(f) => Self::Float(*f),
            Value::Bool(b) => Self::Bool(*b),
            Value::Timestamp(t) => Self::Timestamp(*t),
            Value::StringList(items) => Self::List(StringList::Values(items)),
        }
    }
}

/// True, false, or unknown.
pub(super) fn eval(expr: &Expr, row: &dyn RowView) -> Option<bool> {
    match expr {
        Expr::And(items) => fold(items, row, false),
        Expr::Or(items) => fold(items, row, true),
        Expr::Not(inner) => eval(inner, row).map(|b| !b),
        Expr::Compare(field, comparison, value) => {
            let order = found(field, row)?.compare(value)?;
            Some(match comparison {
                Comparison::Eq => order == Some(Ordering::Equal),
                Comparison::Ne => order != Some(Ordering::Equal),
                Comparison::Lt => order == Some(Ordering::Less),
                Comparison::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                Comparison::Gt => order == Some(Ordering::Greater),
                Comparison::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            })
        }
        Expr::Between(field, low, high) => {
            let found = found(field, row)?;
            let (low, high) = (found.compare(low)?, found.compare(high)?);
            let above = matches!(low, Some(Ordering::Greater | Ordering::Equal));
            Some(above && matches!(high, Some(Ordering::Less | Ordering::Equal)))
        }
        Expr::In(field, values) => {
            let Some(found) = found(field, row) else { return values.is_empty().then_some(false) };
            let mut known = values.is_empty();
            for value in values {
                match found.compare(value) {
                    Some(Some(Ordering::Equal)) => return Some(true),
                    Some(_) => known = true,
                    None => {}
                }
            }
            known.then_some(false)
        }
        Expr::Like(field, pattern) => with_text(field, row, |text| pattern.matches(text)),
        Expr::IsNull(field) => Some(is_null(field, row)),
        Expr::Has(field, wanted) => has(field, row, wanted),
    }
}

/// OR when `decisive` is true, AND when it is false.
fn fold(items: &[Expr], row: &dyn RowView, decisive: bool) -> Option<bool> {
    let mut unknown = false;
    for item in items {
        match eval(item, row) {
            Some(b) if b == decisive => return Some(decisive),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!decisive)
}

/// What a field holds, found once however often it is compared.
enum Found<'a> {
    Id(&'a str),
    Attribute(ValueRef<'a>),
    Metadata(Json),
}

/// `None` when the field is null.
fn found<'a>(field: &Field, row: &'a dyn RowView) -> Option<Found<'a>> {
    Some(match field {
        Field::Id => Found::Id(row.id()),
        Field::Attribute(column) => Found::Attribute(row.attribute(*column)?),
        Field::Metadata(path) => Found::Metadata(at_path(row.metadata()?, path)?),
    })
}

impl Found<'_> {
    /// `None` when it is of another type than the value; `Some(None)` never orders.
    #[expect(clippy::option_option, reason = "unknown and unordered are two different answers")]
    fn compare(&self, value: &Value) -> Option<Option<Ordering>> {
        match (self, value) {
            (Self::Id(id), Value::String(text)) => Some(Some((*id).cmp(text.as_str()))),
            (Self::Id(_), _) => None,
            (Self::Attribute(found), value) => match (found, value) {
                (ValueRef::Str(a), Value::String(b)) => Some(Some((*a).cmp(b.as_str()))),
                (ValueRef::Int(a), Value::Int(b)) => Some(Some(a.cmp(b))),
                (ValueRef::Float(a), Value::Float(b)) => Some(a.partial_cmp(b)),
                (ValueRef::Bool(a), Value::Bool(b)) => Some(Some(a.cmp(b))),
                (ValueRef::Timestamp(a), Value::Timestamp(b)) => Some(Some(a.cmp(b))),
                _ => None,
            },
            (Self::Metadata(json), value) => compare_json(json, value),
        }
    }
}

#[expect(clippy::option_option, reason = "as in compare")]
fn compare_json(json: &Json, value: &Value) -> Option<Option<Ordering>> {
    match (json, value) {
        (Json::String(a), Value::String(b)) => Some(Some(a.cmp(b))),
        (Json::Bool(a), Value::Bool(b)) => Some(Some(a.cmp(b))),
        (Json::Number(a), Value::Int(b)) => match a.as_i64() {
            Some(a) => Some(Some(a.cmp(b))),
            #[expect(clippy::cast_precision_loss, reason = "a JSON float compares as a float")]
            None => Some(a.as_f64()?.partial_cmp(&(*b as f64))),
        },
        (Json::Number(a), Value::Float(b)) => Some(a.as_f64()?.partial_cmp(b)),
        _ => None,
    }
}

fn with_text(field: &Field, row: &dyn RowView, test: impl Fn(&str) -> bool) -> Option<bool> {
    match field {
        Field::Id => Some(test(row.id())),
        Field::Attribute(column) => match row.attribute(*column)? {
            ValueRef::Str(text) => Some(test(text)),
            _ => None,
        },
        Field::Metadata(path) => at_path(row.metadata()?, path)?.as_str().map(test),
    }
}

fn is_null(field: &Field, row: &dyn RowView) -> bool {
    match field {
        Field::Id => false,
        Field::Attribute(column) => row.attribute(*column).is_none(),
        Field::Metadata(path) => row.metadata().and_then(|m| at_path(m, path)).is_none(),
    }
}

fn has(field: &Field, row: &dyn RowView, wanted: &str) -> Option<bool> {
    match field {
        Field::Id => None,
        Field::Attribute(column) => match row.attribute(*column)? {
            ValueRef::List(items) => Some(items.has(wanted)),
            _ => None,
        },
        Field::Metadata(path) => {
            let node = at_path(row.metadata()?, path)?;
            node.as_array().map(|items| items.iter().any(|i| i.as_str() == Some(wanted)))
        }
    }
}
