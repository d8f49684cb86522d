//! Filters: an allow-listed, typed subset of SQL expressions.
//!
//! ```text
//! topic = $1 AND (page BETWEEN 3 AND 9 OR tags HAS 'new') AND metadata.source.kind != 'draft'
//! ```
//! Logic has three values as in SQL: a comparison with null is unknown, and only rows that are true pass. A row of
//! its own is decided by `eval`; rows in columns are decided together, into a bitmap, by `select`, to the same end.

mod ast;
mod block;
mod columns;
mod eval;
mod json;
mod lexer;
mod parser;
mod pattern;
mod select;
mod typing;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::memtable::Bits;
use crate::schema::{AttributeType, Schema};

pub(crate) use eval::{RowView, ValueRef};
pub(crate) use select::Columns;

/// Bytes of a filter's text.
pub const MAX_TEXT_BYTES: usize = 16 << 10;
/// Nesting of parentheses and NOT.
pub const MAX_DEPTH: usize = 32;
/// Terms (comparisons) in a filter.
pub const MAX_TERMS: usize = 256;
/// Values in one IN list.
pub const MAX_IN: usize = 1_000;
/// Parameters of a filter.
pub const MAX_PARAMS: usize = 1_000;
/// Values in all IN lists of a filter.
pub const MAX_IN_ALL: usize = 10_000;
/// Characters in all LIKE patterns of a filter.
pub const MAX_PATTERNS: usize = 1_024;
/// Terms that read the metadata; one pass over it finds the values for all.
pub const MAX_METADATA_TERMS: usize = 32;

/// Why a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}{}: {why}", position.map(|p| format!(" at character {p}")).unwrap_or_default())]
pub struct FilterError {
    /// The field of the request: `filter`, or `params[i]` (0-based).
    pub field: String,
    /// The 1-based character of the filter's text where the trouble is.
    pub position: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl FilterError {
    fn at(position: usize, why: impl Into<String>) -> Self {
        Self { field: "filter".to_owned(), position: Some(position + 1), why: why.into() }
    }

    fn param(index: usize, why: impl Into<String>) -> Self {
        Self { field: format!("params[{index}]"), position: None, why: why.into() }
    }
}

/// A checked filter of one collection's rows. A clone is a pointer.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Arc<Checked>);

#[derive(Debug, PartialEq)]
struct Checked {
    root: ast::Expr,
    /// The attributes it was checked against: columns are known by their places among these.
    attributes: BTreeMap<String, AttributeType>,
    /// The different paths into the metadata.
    paths: Vec<Vec<String>>,
    /// The attributes (by column) that must be there to evaluate it.
    columns: Vec<usize>,
}

impl Filter {
    /// Parses `text`, puts `params` in as typed literals (`$1` is the first), and checks every type against
    /// `schema`.
    ///
    /// # Errors
    /// The first thing wrong, with its place.
    pub fn parse(text: &str, params: &[serde_json::Value], schema: &Schema) -> Result<Self, FilterError> {
        if text.len() > MAX_TEXT_BYTES {
            let why = format!("{} bytes; at most {MAX_TEXT_BYTES} are allowed", text.len());
            return Err(FilterError { field: "filter".to_owned(), position: None, why });
        }
        if params.len() > MAX_PARAMS {
            return Err(FilterError {
                field: "params".to_owned(),
                position: None,
                why: format!("at most {MAX_PARAMS} are allowed"),
            });
        }
        let tokens = lexer::tokens(text)?;
        let (mut root, used) = parser::parse(&tokens, params, schema)?;
        if let Some(unused) = (0..params.len()).find(|i| !used.contains(i)) {
            return Err(FilterError::param(unused, format!("the filter has no ${}", unused + 1)));
        }
        root.cheapest_first();
        let (mut columns, mut paths) = (Vec::new(), BTreeMap::new());
        root.each_field(&mut |field| match field {
            ast::Field::Id => {}
            ast::Field::Attribute(column) => columns.push(*column),
            ast::Field::Metadata { path, slot } => {
                paths.insert(*slot, path.clone());
            }
        });
        columns.sort_unstable();
        columns.dedup();
        let (attributes, paths) = (schema.attributes.clone(), paths.into_values().collect());
        Ok(Self(Arc::new(Checked { root, attributes, paths, columns })))
    }

    /// Whether it was checked against a schema with the same attributes.
    pub(crate) fn fits(&self, schema: &Schema) -> bool {
        self.0.attributes == schema.attributes
    }

    /// Whether `row` passes.
    pub(crate) fn passes(&self, row: &dyn RowView) -> bool {
        eval::eval(&self.0.root, row) == Some(true)
    }

    /// Those of the `open` rows that pass. When `stop` says so, the rest is not looked at.
    pub(crate) fn select(&self, rows: &Columns<'_>, open: &Bits, stop: impl Fn() -> bool) -> Bits {
        select::select(&self.0.root, &self.0.paths, rows, open, stop)
    }

    /// Whether a row costs so much that which rows pass is worth remembering.
    pub(crate) fn is_dear(&self) -> bool {
        self.cost() >= ast::DEAR
    }

    /// What it costs to ask a row, beside the least that a filter may ask.
    pub(crate) fn cost(&self) -> u32 {
        self.0.root.cost()
    }

    /// Bytes of the values that it compares with.
    pub(crate) fn literal_bytes(&self) -> u64 {
        self.0.root.literal_bytes()
    }

    /// The attributes the filter reads, by column.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.0.columns
    }

    /// Whether it reads the metadata.
    pub(crate) fn uses_metadata(&self) -> bool {
        !self.0.paths.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::memtable::{MemRow, Row};
    use crate::schema::Record;

    #[test]
    fn a_clone_shares_the_values_and_their_bytes_are_counted() {
        let attributes = BTreeMap::from([
            ("page".to_owned(), AttributeType::Int),
            ("topic".to_owned(), AttributeType::String),
            ("tags".to_owned(), AttributeType::StringList),
        ]);
        let schema = Schema { attributes, ..Schema::default() };
        let text = "topic IN ('abc', 'de') AND NOT (page BETWEEN 1 AND 2 OR page = 3 OR tags HAS 'x') OR page IS NULL";
        let filter = Filter::parse(text, &[], &schema).expect(text);
        assert_eq!(filter.literal_bytes(), 5 + 16 + 8 + 1);
        let clone = filter.clone();
        assert!(Arc::ptr_eq(&filter.0, &clone.0) && filter == clone);
    }
    #[test]
    fn a_list_holds_metadata_exactly_when_one_of_its_values_equals_them() {
        let schema = Schema::default();
        let values =
            [json!(1), json!(2.5), json!(-7), json!("a"), json!(""), json!(true), json!(9_007_199_254_740_993_i64)];
        let parse = |text: &str, params: &[serde_json::Value]| Filter::parse(text, params, &schema).expect(text);
        let found = [
            json!(1),
            json!(1.0),
            json!(2),
            json!(2.5),
            json!(-7),
            json!("a"),
            json!("b"),
            json!(""),
            json!(true),
            json!(false),
            json!(null),
            json!([1]),
            json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_992.0),
        ];
        for found in found {
            let metadata = Some(json!({"x": found}));
            let record = Record { id: "r".to_owned(), metadata, ..Record::default() };
            let row = MemRow::new(Row::from_record(record, &schema), &schema);
            for list in [&values[..], &values[..2], &values[3..5], &values[5..6], &values[6..]] {
                let any = |operator: &str| {
                    let passes = |value: &serde_json::Value| {
                        parse(&format!("metadata.x {operator} $1"), std::slice::from_ref(value)).passes(&row)
                    };
                    list.iter().any(passes)
                };
                let list = [serde_json::Value::from(list)];
                let (within, outside) = (parse("metadata.x IN ($1)", &list), parse("NOT metadata.x IN ($1)", &list));
                assert_eq!(within.passes(&row), any("="), "{found} in {list:?}");
                // Of other types than all of them it is neither.
                assert_eq!(outside.passes(&row), !any("=") && any("!="), "{found} not in {list:?}");
            }
        }
    }
}
