//! The checked expression.

use super::pattern::Pattern;
use crate::schema::Value;

/// The cost of a row from which on a filter is dear.
pub(super) const DEAR: u32 = 20;

/// What a term reads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Id,
    /// An attribute by column.
    Attribute(usize),
    /// A path into the metadata, and its place among the filter's different paths.
    Metadata {
        path: Vec<String>,
        slot: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// A boolean expression; literals have the type of their field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Field, Comparison, Value),
    Between(Field, Value, Value),
    In(Field, Vec<Value>),
    Like(Field, Pattern),
    IsNull(Field),
    Has(Field, String),
}

impl Expr {
    /// What a term reads, `None` for what joins terms.
    pub(super) fn field(&self) -> Option<&Field> {
        match self {
            Self::And(_) | Self::Or(_) | Self::Not(_) => None,
            Self::Compare(field, ..)
            | Self::Between(field, ..)
            | Self::In(field, _)
            | Self::Like(field, _)
            | Self::IsNull(field)
            | Self::Has(field, _) => Some(field),
        }
    }

    /// Visits the fields of all terms.
    pub(super) fn each_field<'a>(&'a self, visit: &mut impl FnMut(&'a Field)) {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().for_each(|item| item.each_field(visit)),
            Self::Not(inner) => inner.each_field(visit),
            term => term.field().into_iter().for_each(visit),
        }
    }

    /// Puts what is joined by AND or OR in the order of its cost, so that the dear terms are asked of few rows. The
    /// order does not change what an expression means.
    pub(super) fn cheapest_first(&mut self) {
        match self {
            Self::And(items) | Self::Or(items) => {
                items.iter_mut().for_each(Self::cheapest_first);
                items.sort_by_cached_key(Self::cost);
            }
            Self::Not(inner) => inner.cheapest_first(),
            _ => {}
        }
    }

    /// Bytes of the values that it compares with. Patterns are short, whatever a filter holds.
    pub(super) fn literal_bytes(&self) -> u64 {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().map(Self::literal_bytes).sum(),
            Self::Not(inner) => inner.literal_bytes(),
            Self::Compare(_, _, value) => value.logical_bytes(),
            Self::Between(_, low, high) => low.logical_bytes() + high.logical_bytes(),
            Self::In(_, values) => values.iter().map(Value::logical_bytes).sum(),
            Self::Has(_, text) => text.len() as u64,
            Self::Like(..) | Self::IsNull(_) => 0,
        }
    }

    /// What a row costs, very roughly: a comparison of numbers is 1.
    pub(super) fn cost(&self) -> u32 {
        let read = match self.field() {
            None => 0,
            Some(Field::Attribute(_)) => 1,
            Some(Field::Id) => 4,
            Some(Field::Metadata { .. }) => 100,
        };
        let work = match self {
            Self::And(items) | Self::Or(items) => return items.iter().map(Self::cost).sum(),
            Self::Not(inner) => return inner.cost(),
            Self::IsNull(_) => 0,
            Self::Compare(_, _, Value::String(_)) | Self::Between(_, Value::String(_), _) => 4,
            Self::Compare(..) | Self::Between(..) => 1,
            Self::In(_, values) => 4 + values.len().checked_ilog2().unwrap_or(0),
            Self::Has(..) => 8,
            Self::Like(..) => 40,
        };
        read + work
    }
}
