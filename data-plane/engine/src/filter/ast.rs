//! The checked expression.

use crate::schema::Value;

/// What a term reads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Id,
    /// An attribute by column.
    Attribute(usize),
    /// A path into the metadata.
    Metadata(Vec<String>),
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

/// A LIKE pattern: `%` any run, `_` any one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Any,
    One,
    Char(char),
}

impl Pattern {
    /// Matches greedily with one point of return, so time is bounded by length times length.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut part) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    retry = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(Part::One) if at < text.len() => {
                    (at, part) = (at + 1, part + 1);
                    continue;
                }
                Some(Part::Char(c)) if text.get(at) == Some(c) => {
                    (at, part) = (at + 1, part + 1);
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match retry {
                Some((any, from)) if from < text.len() => {
                    retry = Some((any, from + 1));
                    (at, part) = (from + 1, any + 1);
                }
                _ => return false,
            }
        }
    }
}

/// Collects attribute columns; says whether the metadata is read.
pub(super) fn columns_of(expr: &Expr, columns: &mut Vec<usize>) -> bool {
    match expr {
        Expr::And(items) | Expr::Or(items) => {
            items.iter().fold(false, |metadata, item| columns_of(item, columns) || metadata)
        }
        Expr::Not(inner) => columns_of(inner, columns),
        Expr::Compare(field, ..)
        | Expr::Between(field, ..)
        | Expr::In(field, _)
        | Expr::Like(field, _)
        | Expr::IsNull(field)
        | Expr::Has(field, _) => match field {
            Field::Id => false,
            Field::Attribute(column) => {
                columns.push(*column);
                false
            }
            Field::Metadata(_) => true,
        },
    }
}
