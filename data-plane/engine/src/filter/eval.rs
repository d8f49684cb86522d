//! Evaluation of a checked filter on one row.

use std::cmp::Ordering;

use super::ast::{Comparison, Expr, Field};
use super::json::{Node, at_path, list_has};
use super::typing::{float_order, text_order};
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
#[derive(Clone, Copy)]
pub(crate) enum ValueRef<'a> {
    Str(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    Timestamp(i64),
    List(&'a [String]),
}

impl ValueRef<'_> {
    /// The order of two values of one type; lists have none.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }

    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Str(s) => Value::String(s.to_owned()),
            Self::Int(i) => Value::Int(i),
            Self::Float(f) => Value::Float(f),
            Self::Bool(b) => Value::Bool(b),
            Self::Timestamp(t) => Value::Timestamp(t),
            Self::List(items) => Value::StringList(items.to_vec()),
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
            Value::StringList(items) => Self::List(items),
        }
    }
}

/// True, false, or unknown.
pub(super) fn eval(expr: &Expr, row: &dyn RowView) -> Option<bool> {
    match expr {
        Expr::And(items) => fold(items, row, false),
        Expr::Or(items) => fold(items, row, true),
        Expr::Not(inner) => eval(inner, row).map(|b| !b),
        term => eval_term(term, term.field().and_then(|field| found(field, row)).as_ref()),
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

/// What a field holds.
pub(super) enum Found<'a> {
    Id(&'a str),
    Attribute(ValueRef<'a>),
    Metadata(Node<'a>),
}

/// `None` when the field is null.
fn found<'a>(field: &Field, row: &'a dyn RowView) -> Option<Found<'a>> {
    Some(match field {
        Field::Id => Found::Id(row.id()),
        Field::Attribute(column) => Found::Attribute(row.attribute(*column)?),
        Field::Metadata { path, .. } => Found::Metadata(at_path(row.metadata()?, path)?),
    })
}

/// A term, of what its field holds.
pub(super) fn eval_term(term: &Expr, found: Option<&Found<'_>>) -> Option<bool> {
    match term {
        Expr::IsNull(_) => Some(found.is_none()),
        Expr::In(_, values) if values.is_empty() => Some(false),
        Expr::In(_, values) => found?.is_among(values),
        Expr::Compare(_, comparison, value) => Some(comparison.holds(found?.compare(value)?)),
        Expr::Between(_, low, high) => {
            let (low, high) = (found?.compare(low)?, found?.compare(high)?);
            Some(Comparison::Ge.holds(low) && Comparison::Le.holds(high))
        }
        Expr::Like(_, pattern) => found?.text().map(|text| pattern.matches(text)),
        Expr::Has(_, wanted) => found?.has(wanted),
        Expr::And(_) | Expr::Or(_) | Expr::Not(_) => None,
    }
}

impl Comparison {
    /// Whether it holds for values in this order; `None` are values without one.
    pub(super) fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Eq => order == Some(Ordering::Equal),
            Self::Ne => order != Some(Ordering::Equal),
            Self::Lt => order == Some(Ordering::Less),
            Self::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Gt => order == Some(Ordering::Greater),
            Self::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
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
            (Self::Metadata(node), value) => compare_node(node, value),
        }
    }

    /// Whether it is one of values in the order of their search: it is compared with some of each type.
    fn is_among(&self, values: &[Value]) -> Option<bool> {
        let mut known = None;
        for run in values.chunk_by(|a, b| a.attribute_type() == b.attribute_type()) {
            match self.is_among_alike(run) {
                Some(true) => return Some(true),
                found => known = known.or(found),
            }
        }
        known
    }

    fn is_among_alike(&self, values: &[Value]) -> Option<bool> {
        let text = match self {
            Self::Id(text) | Self::Attribute(ValueRef::Str(text)) => Some(*text),
            Self::Metadata(Node::Text(text)) => Some(&**text),
            Self::Attribute(_) | Self::Metadata(_) => None,
        };
        if let (Some(text), Some(Value::String(_))) = (text, values.first()) {
            let order = |value: &Value| match value {
                Value::String(value) => text_order(value, text),
                _ => Ordering::Less,
            };
            return Some(values.binary_search_by(order).is_ok());
        }
        if let Self::Metadata(Node::Number(number)) = self {
            return number_is_among(number, values);
        }
        let mut known = false;
        for value in values {
            match self.compare(value) {
                Some(Some(Ordering::Equal)) => return Some(true),
                Some(_) => known = true,
                None => {}
            }
        }
        known.then_some(false)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Id(text) | Self::Attribute(ValueRef::Str(text)) => Some(text),
            Self::Metadata(Node::Text(text)) => Some(text),
            Self::Attribute(_) | Self::Metadata(_) => None,
        }
    }

    fn has(&self, wanted: &str) -> Option<bool> {
        match self {
            Self::Attribute(ValueRef::List(items)) => Some(items.iter().any(|item| item == wanted)),
            Self::Metadata(Node::List(list)) => Some(list_has(list, wanted)),
            Self::Id(_) | Self::Attribute(_) | Self::Metadata(_) => None,
        }
    }
}

/// As [`compare_node`] says of each of the values, of one type and in the order of their search; the number is read once.
#[expect(clippy::cast_precision_loss, reason = "a JSON float compares as a float")]
fn number_is_among(number: &str, values: &[Value]) -> Option<bool> {
    let (whole, float) = match (values.first()?, number.parse::<i64>()) {
        (Value::Int(_), Ok(whole)) => (Some(whole), 0.0),
        (Value::Int(_) | Value::Float(_), _) => (None, number.parse::<f64>().ok()?),
        _ => return None,
    };
    let order = |value: &Value| match (value, whole) {
        (Value::Int(value), Some(whole)) => value.cmp(&whole),
        (Value::Int(value), None) => float_order(*value as f64, float),
        (Value::Float(value), _) => float_order(*value, float),
        _ => Ordering::Less,
    };
    Some(values.binary_search_by(order).is_ok())
}

#[expect(clippy::option_option, reason = "as in compare")]
fn compare_node(node: &Node<'_>, value: &Value) -> Option<Option<Ordering>> {
    match (node, value) {
        (Node::Text(a), Value::String(b)) => Some(Some((**a).cmp(b.as_str()))),
        (Node::Bool(a), Value::Bool(b)) => Some(Some(a.cmp(b))),
        (Node::Number(a), Value::Int(b)) => match a.parse::<i64>() {
            Ok(a) => Some(Some(a.cmp(b))),
            #[expect(clippy::cast_precision_loss, reason = "a JSON float compares as a float")]
            Err(_) => Some(a.parse::<f64>().ok()?.partial_cmp(&(*b as f64))),
        },
        (Node::Number(a), Value::Float(b)) => Some(a.parse::<f64>().ok()?.partial_cmp(b)),
        _ => None,
    }
}
