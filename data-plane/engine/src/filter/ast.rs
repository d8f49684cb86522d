//! The checked expression.

use super::pattern::Pattern;
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

/// Collects attribute columns; says whether the metadata is read.
pub(super) fn columns_of(expr: &Expr, columns: &mut Vec<usize>) -> bool {
    match expr {
        Expr::And(items) | Expr::Or(items) => {
            // Each is looked at, whatever the ones before it read.
            let metadata: Vec<bool> = items.iter().map(|item| columns_of(item, columns)).collect();
            metadata.contains(&true)
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
